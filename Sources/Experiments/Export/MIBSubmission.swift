import Evaluation
public import Foundation
public import Graphs
public import Reports

/// Runs as a submission to the circuit track of the MIB benchmark (arXiv 2504.13151): a folder for each task and model, with
/// importances of edges, or nine circuits of growing size.
public struct MIBSubmission: Sendable {
  /// What a folder holds.
  public enum Form: Sendable {
    /// The scores of all edges, of which the benchmark chooses circuits itself.
    case importances
    /// Circuits of at most 0.1 %, 0.2 %, 0.5 %, 1 %, 2 %, 5 %, 10 %, 20 % and 50 % of the edges.
    case circuits(ranking: EdgeScores.Ranking, order: CircuitSelection.Order)
  }

  /// What the benchmark measures of a run.
  struct Entry {
    let folder: String
    let source: ScoredSource
  }

  /// The shares of edges of the nine circuits.
  static let shares = FaithfulnessCurve.fractions.filter { $0 < 1 }

  private let entries: [Entry]
  private let form: Form

  /// Reads runs; nothing is run.
  ///
  /// - Parameters:
  ///   - runs: Runs' directories or files of scores.
  ///   - names: The folders, such as `ioi_gpt2`, as many as runs; nil for the runs' own tasks and models.
  ///   - form: What each folder holds.
  /// - Throws: ``ExperimentError`` when a run has no scores, or scores that the benchmark has no place for, or a folder would
  ///   be written twice, and the errors of circuit files.
  public init(of runs: [String], names: [String]? = nil, as form: Form = .importances) throws {
    if let names, names.count != runs.count {
      throw ExperimentError(
        "Expected a name for each of \(Numbers.count(runs.count, "run")), found \(names.count).")
    }
    self.form = form
    entries = try runs.enumerated().map { index, path in
      let source = try ScoredSource(path)
      try Self.check(source)
      return Entry(folder: try names?[index] ?? Self.folder(of: source), source: source)
    }
    try checkFolders()
  }

  private static func check(_ source: ScoredSource) throws {
    let graph = source.scores.graph
    guard graph.keyValueReaderCount == graph.headCount else {
      throw ExperimentError(
        """
        \(source.path): MIB has a key and a value of its own for each head, and these are grouped; run discover without \
        --group-key-values.
        """)
    }
    guard source.scores.values.allSatisfy(\.isFinite) else {
      throw ExperimentError(
        "\(source.path): some edges are never taken, for which MIB's importances have no number.")
    }
  }

  private func checkFolders() throws {
    var seen: Set<String> = []
    for folder in entries.map(\.folder) {
      guard !folder.isEmpty, !folder.hasPrefix("."), !folder.contains("/") else {
        throw ExperimentError(
          "A folder should be named as a task and a model, such as ioi_gpt2, found \"\(folder)\".")
      }
      guard seen.insert(folder).inserted else {
        throw ExperimentError(
          "Two runs would be written to the folder \(folder); name a folder for each with --names.")
      }
    }
  }

  /// The task and the model that a run says, as the benchmark joins them.
  private static func folder(of source: ScoredSource) throws -> String {
    guard let heading = source.heading else {
      throw ExperimentError(
        "\(source.path): a file does not say its task and model; name the folder with --names.")
    }
    let task = heading.task.prefix { $0 != "," }
    let stem = task.split(separator: ".").first ?? task
    let model = heading.model.prefix { $0 != ":" }
    return "\(stem)_\(model)".lowercased().map { character in
      character.isLetter || character.isNumber || "._-".contains(character) ? "\(character)" : "-"
    }.joined()
  }

  /// The files by their paths: `ioi_gpt2/importances.json`, or `ioi_gpt2/circuit_0.1.json` and so on, by per cent.
  ///
  /// - Throws: `EncodingError`.
  public func files() throws -> [String: Data] {
    try entries.reduce(into: [:]) { files, entry in
      for (name, document) in documents(entry.source) {
        files["\(entry.folder)/\(name).json"] = Data((try document.json() + "\n").utf8)
      }
    }
  }

  private func documents(_ source: ScoredSource) -> [(name: String, document: CircuitDocument)] {
    let scores = source.scores
    switch form {
    case .importances:
      let circuit = source.circuit ?? scores.circuit(edgeCount: 0)
      return [("importances", CircuitDocument(circuit, scores: scores, listing: .max))]
    case .circuits(let ranking, let order):
      let circuits = scores.circuits(
        edgeCounts: Self.shares.map(scores.graph.edgeCount(share:)), by: ranking, order: order)
      return zip(Self.shares, circuits).map { share, circuit in
        ("circuit_\(Self.percent(share))", CircuitDocument(circuit, scores: scores, listing: .max))
      }
    }
  }

  /// A share in per cent: 0.1, 50.
  private static func percent(_ share: Double) -> String {
    let text = Numbers.fixed(100 * share, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// A line for each folder.
  public func text(on page: Page = Page()) -> String {
    var table = TextTable(["folder": .left, "run": .left, "edges": .right, "files": .right])
    for entry in entries {
      let files = documents(entry.source).map(\.name)
      table.add(
        entry.folder, entry.source.path, Numbers.count(entry.source.scores.graph.edgeCount),
        files.count == 1 ? files[0] : Numbers.count(files.count))
    }
    return table.text(on: page)
  }

  private struct Record: Encodable {
    let folder: String
    let run: String
    let edges: Int
    let files: [String]
  }

  /// The folders as JSON with sorted keys.
  ///
  /// - Throws: `EncodingError`.
  public func json() throws -> String {
    try sortedJSON(
      entries.map { entry in
        Record(
          folder: entry.folder, run: entry.source.path,
          edges: entry.source.scores.graph.edgeCount,
          files: documents(entry.source).map { "\($0.name).json" })
      })
  }
}
