import Engine
import Graphs
import Reports
import Tensors

/// The sizes and variants of a model.
struct ModelSummary: Encodable {
  let name: String
  let layers: Int
  let heads: Int
  let keyValueHeads: Int
  let dModel: Int
  let dHead: Int
  let dMLP: Int
  let vocabulary: Int
  let context: Int
  let norm: String
  let positions: String
  let isCausal: Bool
  let mlp: String
  let isParallel: Bool
  /// What token embeddings are multiplied by; nil for 1.
  let embeddingScale: Float?
  /// What heads and MLPs write is multiplied by; nil for 1.
  let residualScale: Float?
  /// What logits are multiplied by; nil for 1.
  let logitScale: Float?
  /// What logits are kept within; nil for no bound.
  let logitCap: Float?
  let layerTraits: LayerTraits
  /// How the numbers of matrices are held, the format of most numbers first.
  let formats: [String]
  let hasTokenizer: Bool
  let tokenizerProblem: String?
  let writers: Int
  let readers: Int
  let edges: Int
  let notes: [String]

  init(_ model: Transformer) {
    let (sizes, graph) = (model.configuration, model.graph)
    name = model.name
    (layers, heads, keyValueHeads) = (sizes.layerCount, sizes.headCount, sizes.keyValueHeadCount)
    (dModel, dHead, dMLP) = (sizes.dModel, sizes.dHead, sizes.hasMLPs ? sizes.dMLP : 0)
    (vocabulary, context) = (sizes.vocabularySize, sizes.contextLength)
    norm = sizes.norm.kind.rawValue
    let turns = !sizes.hasLearnedPositions
    positions = turns ? "rotary" : model.weights.positionEmbedding == nil ? "none" : "learned"
    isCausal = sizes.isCausal
    mlp =
      sizes.hasMLPs
      ? (sizes.mlp.isGated ? "gated " : "") + sizes.mlp.activation.rawValue : "none"
    isParallel = sizes.isParallel
    let unless1 = { (factor: Float) in factor == 1 ? nil : factor }
    embeddingScale = unless1(sizes.embeddingScale)
    residualScale = unless1(sizes.residualScale)
    logitScale = unless1(sizes.logitScale)
    logitCap = sizes.logitCap
    layerTraits = LayerTraits(model)
    formats = model.weights.matrixFormats
    hasTokenizer = model.tokenizer != nil
    tokenizerProblem = model.tokenizerProblem.map { "\($0)" }
    notes = model.notes
    (writers, readers, edges) = (graph.writerCount, graph.readerCount, graph.edgeCount)
  }

  func text(on page: Page) -> String {
    ([table.text(on: page)] + notes).joined(separator: "\n\n")
  }

  private var table: TextTable {
    var table = TextTable(["field": .left, "value": .left])
    table.add("model", name)
    table.add("layers × heads", "\(layers) × \(heads)")
    table.add("key/value heads", "\(keyValueHeads)")
    table.add("dModel, dHead, dMLP", "\(dModel), \(dHead), \(dMLP)")
    table.add("vocabulary, context", "\(Numbers.count(vocabulary)), \(Numbers.count(context))")
    table.add("norm", norm)
    table.add(
      "positions", layerTraits.rotaryText.map { "\(positions), \($0)" } ?? positions)
    table.add("attention", isCausal ? "causal" : "both ways")
    for (name, text) in layerTraits.rows { table.add(name, text) }
    table.add("MLP", mlp)
    table.add("blocks", isParallel ? "parallel" : "sequential")
    for (name, factor) in [
      ("embedding scale", embeddingScale), ("residual scale", residualScale),
      ("logit scale", logitScale), ("logit cap", logitCap),
    ] {
      if let factor { table.add(name, Numbers.plain(Double(factor))) }
    }
    table.add("matrices in", formats.joined(separator: ", "))
    table.add(
      "tokenizer",
      tokenizerProblem.map { "none that can be used: \($0)" }
        ?? (hasTokenizer ? "there is one" : "none: prompts are token ids"))
    table.add(
      "writers, readers, edges",
      [writers, readers, edges].map { Numbers.count($0) }.joined(separator: ", "))
    return table
  }
}

extension TransformerWeights {
  /// The formats of all matrices, that of most numbers first.
  fileprivate var matrixFormats: [String] {
    var counts: [ElementFormat: Int] = [:]
    _ = map { tensor in
      if tensor.shape.count > 1 { counts[tensor.format, default: 0] += tensor.count }
      return tensor
    }
    return ElementFormat.allCases.filter { counts[$0] != nil }
      .sorted { counts[$0, default: 0] > counts[$1, default: 0] }.map(\.rawValue)
  }
}
