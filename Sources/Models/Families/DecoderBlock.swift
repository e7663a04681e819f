import Engine
import Files
import Tensors

/// The tensors of one layer, found where a family puts them.
struct DecoderBlock {
  let decoder: Decoder
  let prefix: String
  let configuration: TransformerConfiguration
  let variant: LayerVariant
  private(set) var loader: WeightLoader

  init(
    decoder: Decoder, prefix: String, configuration: TransformerConfiguration,
    variant: LayerVariant, loader: WeightLoader
  ) {
    self.decoder = decoder
    self.prefix = prefix
    self.configuration = configuration
    self.variant = variant
    self.loader = loader
  }

  private var names: Decoder.Names { decoder.names }
  private var heads: HeadSizes { configuration.heads }

  mutating func weights() throws(CheckpointError) -> BlockWeights {
    let attentionNorm = try norm(names.attentionNorm) ?? .identity
    let attention = try attention()
    let attentionOutputNorm = try norm(names.attentionOutputNorm)
    return BlockWeights(
      attentionNorm: attentionNorm, attention: attention,
      attentionOutputNorm: attentionOutputNorm, mlpNorm: try norm(names.mlpNorm) ?? .identity,
      mlp: try mlp(), mlpOutputNorm: try norm(names.mlpOutputNorm))
  }

  private mutating func norm(_ name: String?) throws(CheckpointError) -> Normalization? {
    guard let name else { return nil }
    return try loader.norm(prefix + name, configuration, decoder.norms)
  }

  private mutating func linear(
    _ name: String, _ output: Int, _ input: Int, hasBias: Bool
  ) throws(CheckpointError) -> Linear {
    try loader.linear(prefix + name, output, input, hasBias: hasBias)
  }

  // Attention -----------------------------------------------------------------------------------

  private mutating func attention() throws(CheckpointError) -> AttentionWeights {
    let (query, key, value) = try inputs()
    var output = try linear(
      names.output, configuration.dModel, heads.count * heads.width, hasBias: decoder.biases.output)
    // Heads' outputs are multiplied before the matrix, and the bias here.
    output.bias?.scale(by: configuration.residualScale)
    return AttentionWeights(
      query: halfSplit(query), key: halfSplit(key), value: value, output: output,
      queryNorm: try headNorm(names.queryNorm, heads.count),
      keyNorm: try headNorm(names.keyNorm, heads.keyValueCount))
  }

  private mutating func inputs() throws(CheckpointError) -> (Linear, Linear, Linear) {
    let (own, shared) = (heads.count * heads.width, heads.keyValueCount * heads.width)
    let (width, hasBias) = (configuration.dModel, decoder.biases.inputs)
    guard let name = names.inputs else {
      return (
        try linear(names.query, own, width, hasBias: hasBias),
        try linear(names.key, shared, width, hasBias: hasBias),
        try linear(names.value, shared, width, hasBias: hasBias)
      )
    }
    let joint = try linear(name, own + 2 * shared, width, hasBias: hasBias)
    switch decoder.jointRows {
    case .stacked:
      return (
        joint.rows(0..<own), joint.rows(own..<(own + shared)),
        joint.rows((own + shared)..<(own + 2 * shared))
      )
    case .grouped:
      let heads = self.heads
      let group = heads.count / heads.keyValueCount
      let rows = { (places: Range<Int>) in
        (0..<heads.keyValueCount).flatMap { key in
          places.flatMap { place in
            (0..<heads.width).map { Int32((key * (group + 2) + place) * heads.width + $0) }
          }
        }
      }
      return (
        joint.movedRows(rows(0..<group)), joint.movedRows(rows(group..<(group + 1))),
        joint.movedRows(rows((group + 1)..<(group + 2)))
      )
    }
  }

  /// Moves the rows of each head that turn from neighbours to halves, where they need it.
  private func halfSplit(_ linear: Linear) -> Linear {
    decoder.neighbourRows == 0
      ? linear : linear.halfSplit(turned: decoder.neighbourRows, dHead: heads.width)
  }

  /// The norm of so many heads' queries or keys.
  private mutating func headNorm(
    _ name: String?, _ count: Int
  ) throws(CheckpointError) -> Normalization? {
    guard let name else { return nil }
    let scale: Tensor
    switch decoder.headNorms {
    case .shared:
      let width = (variant.headNormSpan == .layer ? count : 1) * heads.width
      return try loader.norm(prefix + name, width: width, configuration.norm, decoder.norms)
    case .listed:
      var scales: [Tensor] = []
      for head in 0..<count {
        scales.append(try loader.tensor("\(prefix)\(name).norms.\(head).weight", [heads.width]))
      }
      scale = Tensor(joining: scales)
    case .stacked:
      scale = try loader.tensor("\(prefix)\(name).weight", [count, heads.width])
        .reshaped([count * heads.width])
    }
    return Normalization(
      scale: scale, bias: nil, epsilon: configuration.norm.epsilon, kind: configuration.norm.kind)
  }

  // MLP -----------------------------------------------------------------------------------------

  private mutating func mlp() throws(CheckpointError) -> MLPWeights {
    let (width, inner, hasBias) = (configuration.dModel, configuration.dMLP, decoder.biases.mlp)
    let down = try linear(names.down, width, inner, hasBias: hasBias)
    if let name = names.gateAndUp {
      let joint = try linear(name, 2 * inner, width, hasBias: hasBias)
      return MLPWeights(
        gate: joint.rows(0..<inner), up: joint.rows(inner..<(2 * inner)), down: down)
    }
    return MLPWeights(
      gate: configuration.mlp.isGated
        ? try linear(names.gate, inner, width, hasBias: hasBias) : nil,
      up: try linear(names.up, inner, width, hasBias: hasBias), down: down)
  }
}

extension Linear {
  /// Consecutive rows, where they lie.
  fileprivate func rows(_ range: Range<Int>) -> Linear {
    Linear(weight: weight.slice(range), bias: bias?.slice(range))
  }

  /// The rows of heads whose first ones turn as neighbours, so that these are halves.
  func halfSplit(turned: Int, dHead: Int) -> Linear {
    let half = turned / 2
    let rows = stride(from: 0, to: weight.rowCount, by: dHead).flatMap { head in
      (0..<dHead).map { row in Int32(head + (row < turned ? row % half * 2 + row / half : row)) }
    }
    return movedRows(rows)
  }

  /// Some rows, moved but stored as they are.
  func movedRows(_ rows: [Int32]) -> Linear {
    Linear(
      weight: weight.movedRows(rows),
      bias: bias?.reshaped([weight.rowCount, 1]).gatherRows(rows).reshaped([rows.count]))
  }
}
