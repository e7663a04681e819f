public import Files
public import Foundation
import Graphs
public import Engine
import Models

/// Programs that a compiler turned into a transformer (tracr, arXiv 2301.05062), with their true circuits.
///
/// A directory holds the model (`config.json`, `model.safetensors`, see `Transformer`), the prompts
/// (`golden.safetensors` with `tokens` and `corrupted_tokens`, `[prompt, position]`) and `truth.json`: for each
/// ablation under its name an object with `minimal`, the names of the edges without which the output changes.
/// Prompts start with a token that means nothing, so their first position is not measured.
public enum CompiledProgram {
  /// What is measured.
  public enum Measured: Sendable {
    /// The answer at each position where clean and corrupted prompt have different ones, by the logit
    /// difference; all outputs where they are not classes.
    case answers
    /// The outputs at all positions, by ``SquaredError``.
    case outputs
  }

  /// Whether a directory holds a program with its circuit.
  public static func isThere(_ directory: URL) -> Bool {
    FileManager.default.fileExists(atPath: directory.appending(path: "truth.json").path)
  }

  /// Loads a program.
  ///
  /// - Parameters:
  ///   - directory: Where the files are.
  ///   - model: The directory's model, if it was loaded already.
  ///   - measured: What the prompts measure.
  /// - Returns: The model, its prompts and true circuits.
  /// - Throws: `CheckpointError`, which names the file and what is wrong with it.
  public static func load(
    _ directory: URL, model: Transformer? = nil, measuring measured: Measured = .answers
  ) throws(CheckpointError) -> KnownCircuit {
    let loaded: Transformer
    if let model { loaded = model } else { loaded = try Transformer(contentsOf: directory) }
    let file = try Safetensors.read(directory.appending(path: "golden.safetensors"))
    let clean = try file.integerRows("tokens")
    let corrupted = try file.integerRows("corrupted_tokens")
    guard clean.count == corrupted.count, let length = clean.first?.count, length > 1,
      corrupted.allSatisfy({ $0.count == length })
    else {
      throw CheckpointError(
        file.path, .malformed("tokens and corrupted_tokens should have one shape, 2 wide or more"))
    }
    let config = try Fields(json: directory.appending(path: "config.json"))
    let whole = zip(clean, corrupted).map {
      PromptPair(
        clean: $0, corrupted: $1, answers: [], wrongAnswers: [], positions: Array(1..<length))
    }
    let answers = try measured == .answers ? self.answers(to: whole, config, file) : []
    let prompts = ProgramPrompts(
      name: loaded.name,
      summary: config.object("program")?.text("meaning") ?? "what the program computes",
      metricName: answers.isEmpty ? SquaredError().name : LogitDifference().name,
      all: answers.isEmpty ? whole : answers)
    return KnownCircuit(
      model: loaded, prompts: prompts,
      truths: try truths(directory.appending(path: "truth.json"), loaded.graph))
  }

  /// Pairs that ask for one position's answer each; empty where outputs are not classes.
  private static func answers(
    to pairs: [PromptPair], _ config: Fields, _ file: TensorFile
  ) throws(CheckpointError) -> [PromptPair] {
    guard config.object("output")?.text("kind") == "categorical" else { return [] }
    let right = try file.integerRows("expected")
    let wrong = try file.integerRows("corrupted_expected")
    guard
      [right, wrong].allSatisfy({ rows in
        rows.count == pairs.count && rows.allSatisfy { $0.count == pairs[0].positions.count }
      })
    else {
      throw CheckpointError(
        file.path,
        .malformed(
          "expected and corrupted_expected should have a class for each token but the first"))
    }
    return pairs.indices.flatMap { index in
      let pair = pairs[index]
      return pair.positions.compactMap { position -> PromptPair? in
        let (answer, other) = (right[index][position - 1], wrong[index][position - 1])
        // -1 stands for no answer.
        guard answer >= 0, other >= 0, answer != other else { return nil }
        return PromptPair(
          clean: pair.clean, corrupted: pair.corrupted, answers: [answer], wrongAnswers: [other],
          positions: [position])
      }
    }
  }

  private static func truths(
    _ url: URL, _ graph: ComputationGraph
  ) throws(CheckpointError) -> [Ablation: Circuit] {
    let fields = try Fields(json: url)
    var truths: [Ablation: Circuit] = [:]
    for ablation in Ablation.allCases {
      guard let object = fields.object(ablation.rawValue) else { continue }
      let names = try object.texts("minimal")
      let edges = names.compactMap { Edge($0) }
      guard !edges.isEmpty, edges.count == names.count, let circuit = Circuit(edges, graph: graph)
      else {
        throw CheckpointError(
          url.path,
          .malformed("\(ablation) should name one or more edges, each an edge of the model"))
      }
      truths[ablation] = circuit
    }
    return truths
  }
}

/// The prompts of a compiled program, whatever the seed.
private struct ProgramPrompts: BuiltInTask {
  let name: String
  let summary: String
  let metricName: String
  let all: [PromptPair]
  let isFixed = true

  /// All, or as many as are wanted, evenly spread.
  func pairs(count: Int, seed: UInt64, model: Transformer) -> [PromptPair] {
    let count = min(count, all.count)
    return (0..<count).map { all[$0 * all.count / count] }
  }
}
