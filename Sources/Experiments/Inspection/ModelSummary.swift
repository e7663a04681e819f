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
    (dModel, dHead, dMLP) = (sizes.dModel, sizes.dHead, sizes.dMLP)
    (vocabulary, context) = (sizes.vocabularySize, sizes.contextLength)
    norm = sizes.norm.kind.rawValue
    positions = sizes.hasLearnedPositions ? "learned" : "rotary"
    isCausal = sizes.isCausal
    mlp = (sizes.mlp.isGated ? "gated " : "") + sizes.mlp.activation.rawValue
    isParallel = sizes.isParallel
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
    table.add("positions", positions)
    table.add("attention", isCausal ? "causal" : "both ways")
    table.add("MLP", mlp)
    table.add("blocks", isParallel ? "parallel" : "sequential")
    table.add(
      "tokenizer",
      tokenizerProblem.map { "none that can be used: \($0)" }
        ?? (hasTokenizer ? "byte-level BPE" : "none: prompts are token ids"))
    table.add(
      "writers, readers, edges",
      [writers, readers, edges].map { Numbers.count($0) }.joined(separator: ", "))
    return table
  }
}
