import Tensors

extension Transformer {
  /// A model of random weights, for benchmarks and tests.
  ///
  /// Matrices hold numbers of variance 1 / inputs, so that activations stay near 1.
  package static func random(_ configuration: TransformerConfiguration, seed: UInt64) -> Transformer
  {
    var source = RandomWeights(configuration: configuration, generator: SeededGenerator(seed: seed))
    let embedding = source.matrix(configuration.vocabularySize, configuration.dModel)
    return Transformer(
      name: "random", configuration: configuration,
      weights: TransformerWeights(
        tokenEmbedding: embedding,
        positionEmbedding: configuration.hasLearnedPositions
          ? source.matrix(configuration.contextLength, configuration.dModel) : nil,
        blocks: (0..<configuration.layerCount).map { _ in source.block() },
        finalNorm: source.norm(), unembedding: Linear(weight: embedding)))
  }
}

private struct RandomWeights {
  let configuration: TransformerConfiguration
  var generator: SeededGenerator

  mutating func matrix(_ rows: Int, _ columns: Int) -> Tensor {
    let limit = (3 / Float(columns)).squareRoot()
    return Tensor(
      (0..<(rows * columns)).map { _ in
        // Faster than Float.random, and there are many.
        (Float(generator.next() >> 40) / Float(1 << 23) - 1) * limit
      }, shape: [rows, columns])
  }

  mutating func linear(_ rows: Int, _ columns: Int) -> Linear {
    Linear(weight: matrix(rows, columns), bias: matrix(1, rows).reshaped([rows]))
  }

  mutating func norm() -> Normalization {
    let width = configuration.dModel
    let noise = matrix(1, width).reshaped([width])
    var scale = Tensor([Float](repeating: 1, count: width), shape: [width])
    scale.add(noise)
    return Normalization(
      scale: scale, bias: configuration.norm.kind == .layer ? noise : nil,
      epsilon: configuration.norm.epsilon, kind: configuration.norm.kind)
  }

  mutating func block() -> BlockWeights {
    let (width, inner) = (configuration.dModel, configuration.dMLP)
    let heads = configuration.headCount * configuration.dHead
    let shared = configuration.keyValueHeadCount * configuration.dHead
    return BlockWeights(
      attentionNorm: norm(),
      attention: AttentionWeights(
        query: linear(heads, width), key: linear(shared, width), value: linear(shared, width),
        output: linear(width, heads)),
      mlpNorm: norm(),
      mlp: MLPWeights(
        gate: configuration.mlp.isGated ? linear(inner, width) : nil, up: linear(inner, width),
        down: linear(width, inner)))
  }
}
