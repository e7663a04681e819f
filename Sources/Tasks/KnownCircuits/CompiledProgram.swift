public import Foundation
import Graphs
public import Models

/// Programs that a compiler turned into a transformer (tracr, arXiv 2301.05062), with their true circuits.
///
/// A directory holds the model (`config.json`, `model.safetensors`, see ``Models/Transformer``), the prompts
/// (`golden.safetensors` with `tokens` and `corrupted_tokens`, `[prompt, position]`) and `truth.json`: for each
/// ablation under its name an object with `minimal`, the names of the edges without which the output changes.
/// Prompts start with a token that means nothing, so the metric, ``SquaredError``, reads all other positions.
public enum CompiledProgram {
  /// Whether a directory holds a program with its circuit.
  public static func isThere(_ directory: URL) -> Bool {
    FileManager.default.fileExists(atPath: directory.appending(path: "truth.json").path)
  }

  /// Loads a program.
  ///
  /// - Parameters:
  ///   - directory: Where the files are.
  ///   - model: The directory's model, if it was loaded already.
  /// - Returns: The model, its prompts and true circuits.
  /// - Throws: ``Models/CheckpointError`` or ``TaskError``, which name the file and what is wrong with it.
  public static func load(_ directory: URL, model: Transformer? = nil) throws -> KnownCircuit {
    let model = try model ?? Transformer(contentsOf: directory)
    let file = try Safetensors.read(directory.appending(path: "golden.safetensors"))
    let clean = try file.integerRows("tokens")
    let corrupted = try file.integerRows("corrupted_tokens")
    guard clean.count == corrupted.count, let length = clean.first?.count, length > 1,
      corrupted.allSatisfy({ $0.count == length })
    else {
      throw CheckpointError(
        file.path,
        .malformed("tokens and corrupted_tokens should have one shape, 2 wide or more"))
    }
    let pairs = zip(clean, corrupted).map {
      PromptPair(
        clean: $0, corrupted: $1, answers: [], wrongAnswers: [], positions: Array(1..<length))
    }
    let config = try Fields(json: directory.appending(path: "config.json"))
    let prompts = ProgramPrompts(
      name: model.name,
      summary: config.object("program")?.text("meaning") ?? "what the program computes", all: pairs)
    return KnownCircuit(
      model: model, prompts: prompts,
      truths: try truths(directory.appending(path: "truth.json"), model.graph))
  }

  private static func truths(
    _ url: URL, _ graph: ComputationGraph
  ) throws -> [Ablation: Circuit] {
    let fields = try Fields(json: url)
    var truths: [Ablation: Circuit] = [:]
    for ablation in Ablation.allCases {
      guard let object = fields.object(ablation.rawValue) else { continue }
      let names = try object.texts("minimal")
      let edges = names.compactMap { Edge($0) }
      guard edges.count == names.count, let circuit = Circuit(edges, graph: graph) else {
        throw CheckpointError(
          url.path, .malformed("\(ablation) names an edge that the model does not have"))
      }
      truths[ablation] = circuit
    }
    return truths
  }
}

/// The prompts of a compiled program: those that its circuit is known for, whatever count and seed.
private struct ProgramPrompts: BuiltInTask {
  let name: String
  let summary: String
  let all: [PromptPair]
  let isFixed = true
  var metricName: String { SquaredError().name }

  func pairs(count: Int, seed: UInt64, model: Transformer) -> [PromptPair] { all }
}
