package import Engine
package import Graphs
import Models
package import Tasks
import Tensors

/// Tasks of one model that have some of their circuits in common, with few and noisy prompts of each.
///
/// Every head of the one layer reads a feature of the token and writes it to the logits, so it has two edges that matter
/// as much as the feature is: 1 on average for the heads of a task, 0 for all others, with noise from token to token.
package struct SharedPrivateModel {
  package let model: Transformer
  /// For each task its prompts.
  package let tasks: [CircuitTask]
  /// For each task the edges of its heads.
  package let truths: [Circuit]

  /// Writes a model and its tasks.
  ///
  /// - Parameters:
  ///   - shared: How many heads all tasks have.
  ///   - own: How many more heads each task has for itself.
  ///   - taskCount: How many tasks there are.
  ///   - promptCount: How many prompts each task has.
  ///   - headCount: How many heads there are.
  ///   - noise: By how much a feature varies from token to token, either way.
  ///   - seed: Where the noise starts.
  /// - Throws: `TaskError`.
  package init(
    shared: Int, own: Int, taskCount: Int = 4, promptCount: Int = 4, headCount: Int = 40,
    noise: Float = 1.4, seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed)
    let heads = (0..<taskCount).map { task in
      Array(0..<shared) + (0..<own).map { shared + task * own + $0 }
    }
    // Token 0 has no features, token 1 is the answer and token 2 the wrong one.
    var features = [[Float]](repeating: [Float](repeating: 0, count: headCount), count: 3)
    for task in 0..<taskCount {
      for _ in 0..<promptCount {
        features.append(
          (0..<headCount).map { head in
            (heads[task].contains(head) ? 1 : 0)
              + Float.random(in: -noise...noise, using: &generator)
          })
      }
    }
    let model = Self.model(features)
    self.model = model
    tasks = try (0..<taskCount).map { task in
      let pairs = (0..<promptCount).map { prompt in
        PromptPair(
          clean: [Int32(3 + task * promptCount + prompt)], corrupted: [0], answers: [1],
          wrongAnswers: [2])
      }
      return try CircuitTask(
        name: "task \(task + 1)", pairs: pairs, metric: LogitDifference(), model: model)
    }
    truths = heads.map { heads in
      let edges = heads.flatMap { head in
        [Edge("input->a0.h\(head)<v>"), Edge("a0.h\(head)->logits")].compactMap(\.self)
      }
      guard let truth = Circuit(edges, graph: model.graph) else {
        preconditionFailure("the model lacks one of its heads")
      }
      return truth
    }
  }

  /// A model whose heads each copy one feature of their own token to the logit of token 1.
  private static func model(_ features: [[Float]]) -> Transformer {
    let headCount = features[0].count
    // The features, what heads write, and a constant that keeps the norm what it is.
    let width = headCount + 2
    let constant: Float = 8192
    let normal = constant / Float(width).squareRoot()
    let row = { (place: Int?, value: Float) in (0..<width).map { $0 == place ? value : 0 } }
    let matrix = { (rows: [[Float]]) in
      Linear(weight: Tensor(rows.flatMap(\.self), shape: [rows.count, rows[0].count]))
    }
    let zeros = matrix((0..<headCount).map { _ in row(nil, 0) })
    let norm = Normalization(
      scale: Tensor(row(nil, 0).map { _ in 1 }, shape: [width]), bias: nil, epsilon: 0,
      kind: .rootMeanSquare)
    let sizes = HeadSizes(count: headCount, width: 1)
    let block = BlockWeights(
      attentionNorm: norm,
      attention: AttentionWeights(
        query: zeros, key: zeros, value: matrix((0..<headCount).map { row($0, normal) }),
        output: matrix(
          (0..<width).map { place in
            [Float](repeating: place == headCount ? 1 : 0, count: headCount)
          })),
      mlpNorm: norm,
      mlp: MLPWeights(
        gate: nil, up: matrix([row(nil, 0)]), down: matrix(row(nil, 0).map { [$0] })))
    return Transformer(
      name: "shared-private",
      configuration: TransformerConfiguration(
        layers: .alike(1, heads: sizes), heads: sizes, mlp: MLPVariant(width: 1, activation: .relu),
        norm: NormVariant(.rootMeanSquare), dModel: width, vocabularySize: features.count,
        contextLength: 2),
      weights: TransformerWeights(
        tokenEmbedding: matrix(features.map { $0 + [0, constant] }).weight,
        positionEmbedding: Tensor(zeros: [2, width]), blocks: [block], finalNorm: norm,
        unembedding: matrix(
          features.indices.map { row($0 == 1 ? headCount : nil, normal) })))
  }
}
