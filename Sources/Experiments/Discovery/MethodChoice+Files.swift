import Engine
import Files
import Foundation
import Graphs
import Methods

extension MethodChoice {
  /// The files that the method is told to read: of edges to look at, and of scores to start from.
  var sourceFiles: [URL] {
    [edgesSource.map(CircuitSource.circuitFile)].compactMap(\.self)
      + ([startSource].compactMap(\.self) + memberRuns).map(CircuitSource.scoresFile)
  }

  private var edgesSource: URL? { values[ExactPatching.among.name].map { URL(path: $0) } }
  private var startSource: URL? { values[MethodOptions.startName].map { URL(path: $0) } }

  /// SHA-256 of the files that the method is told to read, by their paths.
  ///
  /// - Throws: ``ExperimentError`` for one that cannot be read.
  func sourceHashes() throws -> [String: String] {
    try sourceFiles.reduce(into: [:]) { hashes, file in
      for (name, hash) in try fileHashes(of: file) {
        hashes[file.deletingLastPathComponent().appending(path: name).path] = hash
      }
    }
  }

  /// The options of the method, with what the files hold that it names.
  ///
  /// - Throws: ``ExperimentError`` when a file holds no circuit, or no scores, of the graph.
  func options(
    seed: UInt64, _ graph: ComputationGraph, _ model: Transformer
  ) throws -> MethodOptions {
    options(
      seed: seed, edges: try edges(graph, model),
      start: try startSource.map { try scores($0, for: "init", graph, model) },
      scores: try memberRuns.reduce(into: [:]) {
        $0[$1.path] = try scores($1, for: "an ensemble", graph, model)
      })
  }

  private func edges(_ graph: ComputationGraph, _ model: Transformer) throws -> [Edge]? {
    guard let source = edgesSource else { return nil }
    guard let circuit = try CircuitSource.contents(source, model).circuit else {
      throw ExperimentError(
        "\(source.path): expected a circuit for among, and the file has scores only.")
    }
    try circuit.graph.require(graph, source)
    return circuit.edges
  }

  private func scores(
    _ source: URL, for use: String, _ graph: ComputationGraph, _ model: Transformer
  ) throws -> EdgeScores {
    guard let scores = try CircuitSource.contents(source, model).scores else {
      throw ExperimentError("\(source.path): expected scores for \(use), and the file has none.")
    }
    try scores.graph.require(graph, source)
    return scores
  }
}

extension ComputationGraph {
  /// - Throws: ``ExperimentError`` when this, a file's graph, is not the run's.
  fileprivate func require(_ graph: ComputationGraph, _ source: URL) throws {
    guard self == graph else {
      throw ExperimentError(
        "\(source.path): it groups keys and values in another way than this run does.")
    }
  }
}
