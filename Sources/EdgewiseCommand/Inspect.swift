import ArgumentParser
import Edgewise
import Foundation

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a checkpoint, scores or circuit file holds.")

  @Argument(
    help: """
      A model (directory, .gguf file or name), a .safetensors file of scores or tensors, a circuit in \
      EAP-IG's JSON, or a run's directory.
      """)
  var file: String

  func run() throws {
    let url = URL(filePath: file)
    let circuit = url.appending(path: "circuit.json")
    if url.pathExtension == "json" {
      print(try describeCircuit(url))
    } else if url.pathExtension == "safetensors" {
      print(try describeTensors(url))
    } else if FileManager.default.fileExists(atPath: circuit.path) {
      print(try describeRun(url) + describeCircuit(circuit))
    } else {
      let model = try ModelArgument.parse([file])
      print(describe(try model.load(from: model.location()).model))
    }
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
    table.add("norm", sizes.norm.rawValue)
    table.add("positions", sizes.rotaryFrequencies == nil ? "learned" : "rotary")
    table.add("attention", sizes.isCausal ? "causal" : "both ways")
    table.add("MLP", (sizes.isGated ? "gated " : "") + sizes.activation.rawValue)
    table.add("blocks", sizes.isParallel ? "parallel" : "sequential")
    table.add(
      "tokenizer", model.tokenizer == nil ? "none: prompts are token ids" : "byte-level BPE")
    table.add(
      "writers, readers, edges",
      [graph.writerCount, graph.readerCount, graph.edgeCount].map(Numbers.count)
        .joined(separator: ", "))
    return table.text
  }

  /// What a run's record says was run; nothing when there is no record.
  private func describeRun(_ directory: URL) throws -> String {
    struct Heading: Decodable { let model, task, method, metric: String }
    let url = directory.appending(path: "run.json")
    guard let data = try? Data(contentsOf: url) else { return "" }
    guard let heading = try? JSONDecoder().decode(Heading.self, from: data) else {
      throw Failure(
        "\(url.path): expected the record of a run, with model, task, method and metric.")
    }
    return "\(heading.model)\n\(heading.task)\n\(heading.method), \(heading.metric)\n\n"
  }

  private func describeCircuit(_ url: URL) throws -> String {
    let document: CircuitDocument
    do {
      document = try JSONDecoder().decode(CircuitDocument.self, from: try Data(contentsOf: url))
    } catch is DecodingError {
      throw Failure(
        "\(url.path): expected a circuit in EAP-IG's JSON, with \"cfg\", \"nodes\" and \"edges\".")
    } catch {
      throw Failure("\(url.path): the file cannot be read: \(reason(of: error)).")
    }
    let circuit = try document.circuit()
    let graph = circuit.graph
    let head = """
      circuit of \(Numbers.count(circuit.edgeCount)) of \(Numbers.count(graph.edgeCount)) edges, \
      \(Numbers.count(circuit.pruned().edgeCount)) of them on a path from input to logits
      \(graph.size)\(graph.isParallel ? ", parallel" : "")
      """
    guard let scores = try document.scores() else { return head }
    return head + "\n\n" + topTable(scores).text
  }

  private func describeTensors(_ url: URL) throws -> String {
    if let scores = try EdgeScores(safetensors: url) {
      let graph = scores.graph
      return """
        scores of \(Numbers.count(graph.edgeCount)) edges
        \(graph.size)\(graph.isParallel ? ", parallel" : "")

        \(topTable(scores).text)
        """
    }
    var table = TextTable(["tensor": .left, "format": .left, "shape": .left])
    for tensor in try TensorListing.tensors(in: url) {
      table.add(tensor.name, tensor.format, "\(tensor.shape)")
    }
    return table.text
  }

  private func topTable(_ scores: EdgeScores) -> TextTable {
    var table = TextTable(["rank": .right, "edge": .left, "score": .right])
    for (index, top) in scores.top(20).enumerated() {
      table.add("\(index + 1)", "\(top.edge)", Numbers.signed(Double(top.score)))
    }
    return table
  }
}
