package import Engine
package import Graphs
import Models
package import Tasks
import Tensors

/// A model that is worked out by hand: three edges, two ways from the prompt to the answer.
///
/// Token `t` writes its number `t`. `logits` turns what it reads into a logit difference of
/// `1 · input + 2 · m0`, and `m0` writes the number that it reads. So the full model has a difference of
/// 3 t: `t` along `input->logits`, and `2 t` along `input->m0` and `m0->logits`. The head is zero. A large
/// constant keeps norms from changing, so numbers are exact to about six digits.
package enum ThreeEdgeModel {
  package static let model: Transformer = {
    let constant: Float = 8192
    let width = 4  // the number, what m0 writes, nothing, the constant
    let normal = constant / 2  // the root mean square of a read
    let matrix = { (rows: [[Float]]) in
      Linear(weight: Tensor(rows.flatMap(\.self), shape: [rows.count, rows[0].count]))
    }
    let zeros = matrix([[Float]](repeating: [0, 0, 0, 0], count: width))
    let norm = Normalization(
      scale: Tensor([1, 1, 1, 1], shape: [width]), bias: nil, epsilon: 0, kind: .rootMeanSquare)
    let block = BlockWeights(
      attentionNorm: norm,
      attention: AttentionWeights(query: zeros, key: zeros, value: zeros, output: zeros),
      mlpNorm: norm,
      mlp: MLPWeights(
        gate: nil, up: matrix([[normal, 0, 0, 0]]), down: matrix([[0], [1], [0], [0]])))
    let configuration = TransformerConfiguration(
      layers: .alike(1, heads: HeadSizes(count: 1, width: width)),
      heads: HeadSizes(count: 1, width: width), mlp: MLPVariant(width: 1, activation: .relu),
      norm: NormVariant(.rootMeanSquare), dModel: width, vocabularySize: 5, contextLength: 4)
    return Transformer(
      name: "three-edge", configuration: configuration,
      weights: TransformerWeights(
        tokenEmbedding: matrix((0..<5).map { [Float($0), 0, 0, constant] }).weight,
        positionEmbedding: Tensor(zeros: [4, width]), blocks: [block], finalNorm: norm,
        // Token 3 is the answer, token 4 the wrong one.
        unembedding: matrix([
          [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [normal, 2 * normal, 0, 0], [0, 0, 0, 0],
        ])))
  }()

  /// Two prompts that end in 1 and 2; the corrupted ones end in 0 and start with 2.
  package static let pairs = [
    PromptPair(clean: [0, 1], corrupted: [2, 0], answers: [3], wrongAnswers: [4]),
    PromptPair(clean: [0, 2], corrupted: [2, 0], answers: [3], wrongAnswers: [4]),
  ]

  package static func task(_ metric: any Metric = LogitDifference()) throws -> CircuitTask {
    try CircuitTask(name: "three-edge", pairs: pairs, metric: metric, model: model)
  }

  /// A circuit of edges by name.
  package static func circuit(_ names: String...) -> Circuit {
    Circuit(names.compactMap { Edge($0) }, graph: model.graph)
      ?? EdgeScores(
        [Float](repeating: 0, count: model.graph.writerCount * model.graph.readerCount),
        graph: model.graph
      ).circuit(edgeCount: 0)
  }
}
