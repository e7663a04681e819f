import Files
import Foundation
import Graphs

/// The scores and the circuit of a run or a file, read without its model.
struct ScoredSource: Sendable {
  /// The path, as it was given.
  let path: String
  /// What a run says of itself; nil for a file.
  let heading: RunHeading?
  let scores: EdgeScores
  /// The circuit; nil for a file of scores alone.
  let circuit: Circuit?

  /// Reads a run's directory or a file.
  ///
  /// - Parameters:
  ///   - path: Where it is.
  ///   - graphs: What it may be about; none for any model that the file says the sizes of.
  /// - Throws: ``ExperimentError`` when there are no scores of edges, and the errors of circuit files.
  init(_ path: String, graphs: [ComputationGraph] = []) throws {
    let url = URL(path: path)
    guard !path.isEmpty, FileManager.default.fileExists(atPath: url.path) else {
      throw ExperimentError("\(path): there is no such run or file.")
    }
    self.path = path
    heading = try RunHeading.read(url)
    let scored = try CircuitFile.read(CircuitSource.scoresFile(url), for: graphs)
    guard let scores = scored.scores else {
      throw ExperimentError(
        """
        \(path): expected scores of edges, and the file has none; "evaluate --truth" holds circuits against each \
        other.
        """)
    }
    self.scores = scores
    circuit = try CircuitSource.contents(url, [scores.graph]).circuit
  }

  /// Lines about it: the path, and what a run says of itself.
  func lines(_ name: String) -> [String] {
    let (start, indent) = (name + String(repeating: " ", count: 8 - name.count), "        ")
    return [start + path] + (heading?.lines ?? []).map { indent + $0 }
  }
}
