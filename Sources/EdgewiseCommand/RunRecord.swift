import Edgewise
import Foundation

/// What `run.json` says: everything that is needed to repeat a run, and what came out.
struct RunRecord: Encodable {
  struct Seconds: Encodable {
    let load: Double
    let discover: Double
    let total: Double
  }

  struct Measures: Encodable {
    let full: Double
    let circuit: Double
    let empty: Double
    let faithfulness: Double?
    let accuracy: Double?
  }

  struct KeptEdge: Encodable {
    let edge: String
    let score: Float
    let isOnPath: Bool
  }

  let version = edgewiseVersion
  let arguments: [String]
  /// What relative paths among the arguments are relative to.
  let workingDirectory = FileManager.default.currentDirectoryPath
  let model: String
  let modelFiles: [String: String]
  let task: String
  let taskFile: [String: String]?
  /// The hashes of the file of --among; empty without one.
  let amongFiles: [String: String]
  let seed: UInt64
  let method: String
  let metric: String
  let edges: Int
  let edgesOnPaths: Int
  let measures: Measures
  let circuit: [KeptEdge]
  let threads: Int
  let peakMemoryBytes: Int
  let seconds: Seconds

  init(
    arguments: [String], modelFiles: [String: String], taskFile: [String: String]?,
    amongFiles: [String: String], seed: UInt64, report: DiscoveryReport, seconds: Seconds
  ) {
    self.arguments = arguments
    self.modelFiles = modelFiles
    self.taskFile = taskFile
    self.amongFiles = amongFiles
    self.seed = seed
    self.seconds = seconds
    model = report.heading.model
    task = report.heading.task
    method = report.heading.method
    metric = report.heading.metric
    edges = report.circuit.edgeCount
    let pruned = report.circuit.pruned()
    edgesOnPaths = pruned.edgeCount
    let value = report.faithfulness.value
    measures = Measures(
      full: report.faithfulness.full.mean, circuit: report.faithfulness.circuit.mean,
      empty: report.faithfulness.empty.mean, faithfulness: value.isFinite ? value : nil,
      accuracy: report.accuracy)
    circuit = report.scores.top(of: report.circuit, by: report.ranking).map {
      KeptEdge(
        edge: $0.edge.description, score: $0.score, isOnPath: pruned.contains($0.edge))
    }
    threads = ProcessSettings.threadCount
    peakMemoryBytes = ProcessSettings.peakMemory
  }

  /// The record as JSON with sorted keys.
  func json() throws -> String { try sortedJSON(self) }

  /// The files of a run's directory.
  func files(_ report: DiscoveryReport) throws -> [String: Data] {
    let texts = [
      "run.json": try json() + "\n", "curve.csv": report.curve, "report.html": report.html,
      "circuit.json": try CircuitDocument(report.circuit, scores: report.scores).json(),
    ]
    var files = texts.mapValues { Data($0.utf8) }
    files["scores.safetensors"] = try report.scores.safetensors(
      method: report.heading.method, metric: report.heading.metric)
    return files
  }
}

extension CircuitDocument {
  /// The document as JSON with sorted keys: the same circuit gives the same bytes.
  func json() throws -> String { try sortedJSON(self) }
}

/// A value as JSON with sorted keys.
func sortedJSON(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
