import Engine
import Files
package import Foundation
import Graphs

/// Circuits and scores in files and in directories of runs.
package enum CircuitSource {
  /// The file with the circuit: a run's own, or the one that is named.
  package static func circuitFile(_ url: URL) -> URL {
    let circuit = url.appending(path: "circuit.json")
    return FileManager.default.fileExists(atPath: circuit.path) ? circuit : url
  }

  /// The file with the scores: a run's own, or the one that is named.
  package static func scoresFile(_ url: URL) -> URL {
    let scores = url.appending(path: "scores.safetensors")
    return FileManager.default.fileExists(atPath: scores.path) ? scores : url
  }

  /// The circuit and scores of a file, or of a run's directory.
  static func contents(_ url: URL, _ model: Transformer) throws(CircuitFileError)
    -> CircuitFile.Contents
  {
    try contents(url, model.graphs)
  }

  /// The circuit and scores of a file, or of a run's directory, for one of some graphs; for any that says its sizes
  /// where there are none.
  static func contents(_ url: URL, _ graphs: [ComputationGraph]) throws(CircuitFileError)
    -> CircuitFile.Contents
  {
    let read = { (url: URL) throws(CircuitFileError) in try CircuitFile.read(url, for: graphs) }
    let circuit = circuitFile(url)
    guard circuit != url else { return try read(url) }
    return CircuitFile.Contents(
      circuit: try read(circuit).circuit,
      scores: try read(scoresFile(url)).scores, format: "Edgewise")
  }
}
