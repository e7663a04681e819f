import ArgumentParser
import Edgewise
import Foundation

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a checkpoint, scores or circuit file holds.")

  @Argument(
    help: """
      A model (directory, .gguf file or name), a run's directory, a .safetensors file of scores or tensors, \
      or a circuit: EAP-IG's JSON or .pt, ACDC's .pth or .pkl, Edge Pruning's edges.json.
      """)
  var file: String

  @Option(
    help: """
      The model of a circuit file, which those of ACDC and Edge Pruning need: a directory, a .gguf file or a \
      name.
      """)
  var model: String?

  @OptionGroup var files: FileOptions

  func run() throws {
    let url = URL(path: file)
    let circuit = CircuitSource.circuitFile(url)
    if Self.circuitKinds.contains(url.pathExtension) {
      print(try describe(circuit: url))
    } else if url.pathExtension == "safetensors" {
      print(try describe(tensors: url))
    } else if circuit != url {
      print(try describe(run: url) + describe(circuit: circuit))
    } else {
      print(describe(try load(file)))
    }
  }

  /// How the names of files end that hold a circuit.
  private static let circuitKinds = ["json", "pt", "pth", "pkl", "pickle"]

  private func load(_ name: String) throws -> Transformer {
    try ModelReference(name).load(verifying: files.verify).model
  }

  private func describe(_ model: Transformer) -> String {
    let sizes = model.configuration
    let graph = model.graph
    var table = TextTable(["field": .left, "value": .left])
    table.add("model", model.name)
    table.add("layers × heads", "\(sizes.layerCount) × \(sizes.headCount)")
    table.add("key/value heads", "\(sizes.keyValueHeadCount)")
    table.add("dModel, dHead, dMLP", "\(sizes.dModel), \(sizes.dHead), \(sizes.dMLP)")
    table.add(
      "vocabulary, context",
      "\(Numbers.count(sizes.vocabularySize)), \(Numbers.count(sizes.contextLength))")
    table.add("norm", sizes.norm.kind.rawValue)
    table.add("positions", sizes.hasLearnedPositions ? "learned" : "rotary")
    table.add("attention", sizes.isCausal ? "causal" : "both ways")
    table.add("MLP", (sizes.mlp.isGated ? "gated " : "") + sizes.mlp.activation.rawValue)
    table.add("blocks", sizes.isParallel ? "parallel" : "sequential")
    table.add(
      "tokenizer",
      model.tokenizerProblem.map { "none that can be used: \($0)" }
        ?? (model.tokenizer == nil ? "none: prompts are token ids" : "byte-level BPE"))
    table.add(
      "writers, readers, edges",
      [graph.writerCount, graph.readerCount, graph.edgeCount].map(Numbers.count)
        .joined(separator: ", "))
    return ([table.text] + model.notes).joined(separator: "\n\n")
  }

  /// What a run's record says was run; nothing when there is no record.
  private func describe(run directory: URL) throws -> String {
    struct Heading: Decodable { let model, task, method, metric: String }
    let url = directory.appending(path: "run.json")
    guard let data = try? RegularFile.contents(url) else { return "" }
    guard let heading = try? JSONDecoder().decode(Heading.self, from: data) else {
      throw ExperimentError(
        "\(url.path): expected the record of a run, with model, task, method and metric.")
    }
    return "\(heading.model)\n\(heading.task)\n\(heading.method), \(heading.metric)\n\n"
  }

  private func describe(circuit url: URL) throws -> String {
    let contents: CircuitFile.Contents
    do {
      contents = try CircuitFile.read(url, for: try model.map(load)?.configuration.graphs ?? [])
    } catch let error as CircuitFileError where error.problem == .needsModel {
      throw ExperimentError(
        """
        \(url.path): the file does not say how large its model is, as those of ACDC and Edge Pruning do \
        not; name the model with --model.
        """)
    }
    let circuit = contents.circuit.map { circuit in
      """
      circuit of \(Numbers.count(circuit.edgeCount)) of \(Numbers.count(circuit.graph.edgeCount)) edges, \
      \(Numbers.count(circuit.pruned().edgeCount)) of them on a path from input to logits
      \(circuit.graph.shape)
      """
    }
    let scores = contents.scores.map { scores in
      (circuit == nil ? heading(scores) + "\n\n" : "") + topTable(scores).text
    }
    let nodes = contents.nodeScores.map { nodes in
      "scores of heads and MLPs, none of edges\n\(nodes.graph.shape)\n\n" + topTable(nodes).text
    }
    return [circuit, scores, nodes].compactMap(\.self).joined(separator: "\n\n")
  }

  private func describe(tensors url: URL) throws -> String {
    if let scores = try EdgeScores(safetensors: url) {
      return heading(scores) + "\n\n" + topTable(scores).text
    }
    var table = TextTable(["tensor": .left, "format": .left, "shape": .left])
    for tensor in try TensorListing.tensors(in: url) {
      table.add(tensor.name, tensor.format, "\(tensor.shape)")
    }
    return table.text
  }

  private func heading(_ scores: EdgeScores) -> String {
    "scores of \(Numbers.count(scores.graph.edgeCount)) edges\n\(scores.graph.shape)"
  }

  private func topTable(_ scores: NodeScores) -> TextTable {
    var table = TextTable(["rank": .right, "node": .left, "score": .right])
    for (index, top) in scores.top(20).enumerated() {
      table.add("\(index + 1)", "\(top.writer)", Numbers.signed(Double(top.score)))
    }
    return table
  }

  private func topTable(_ scores: EdgeScores) -> TextTable {
    var table = TextTable(["rank": .right, "edge": .left, "score": .right])
    for (index, top) in scores.top(20).enumerated() {
      table.add("\(index + 1)", "\(top.edge)", Numbers.signed(Double(top.score)))
    }
    return table
  }
}

extension ComputationGraph {
  /// Its size, and whether its blocks are parallel.
  fileprivate var shape: String { size + (isParallel ? ", parallel" : "") }
}
