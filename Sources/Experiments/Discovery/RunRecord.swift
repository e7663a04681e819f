import Evaluation
import Engine
import Files
public import Foundation
import Graphs
import Reports
import Tensors

/// What `run.json` says: everything that is needed to repeat a run, and what came out.
public struct RunRecord: Codable, Sendable {
  /// How long parts of a run took.
  struct Seconds: Codable, Sendable {
    let load: Double
    let discover: Double
    let total: Double
  }

  /// SHA-256 of the files that a run read, by their names.
  struct Files: Codable, Equatable, Sendable {
    let model: [String: String]
    let task: [String: String]?
    /// That which names the edges to be looked at.
    let edges: [String: String]
  }

  struct Measures: Codable, Sendable {
    let full: Double
    let circuit: Double
    let circuitStandardError: Double?
    let empty: Double
    let faithfulness: Double?
    let accuracy: Double?
    /// Whether these are the prompts that the circuit was found on.
    let isInSample: Bool
  }

  struct KeptEdge: Codable, Sendable {
    let edge: String
    let score: Float
    let isOnPath: Bool
  }

  /// What was run.
  public let plan: DiscoveryPlan
  let model: String
  let task: String
  let method: String
  let metric: String
  let files: Files
  let edges: Int
  let edgesOnPaths: Int
  let measures: Measures
  let circuit: [KeptEdge]
  let threads: Int
  let peakMemoryBytes: Int
  let seconds: Seconds

  init(plan: DiscoveryPlan, files: Files, report: DiscoveryReport, seconds: Seconds) {
    self.plan = plan
    self.files = files
    self.seconds = seconds
    model = report.heading.model
    task = report.heading.task
    method = report.heading.method
    metric = report.heading.metric
    edges = report.circuit.edgeCount
    let pruned = report.circuit.pruned()
    edgesOnPaths = pruned.edgeCount
    let found = report.faithfulness
    measures = Measures(
      full: found.full.mean, circuit: found.circuit.mean,
      circuitStandardError: found.circuit.standardError, empty: found.empty.mean,
      faithfulness: finite(found.value), accuracy: report.accuracy, isInSample: true)
    circuit = report.scores.top(of: report.circuit, by: report.ranking).map {
      KeptEdge(
        edge: $0.edge.description, score: $0.score, isOnPath: pruned.contains($0.edge))
    }
    threads = ProcessSettings.threadCount
    peakMemoryBytes = ProcessSettings.peakMemory
  }

  /// The record as JSON with sorted keys.
  public func json() throws -> String { try sortedJSON(self) }

  /// One line about time and memory.
  public var costLine: String {
    """
    scored in \(Numbers.fixed(seconds.discover, 1)) s, \(Numbers.fixed(seconds.total, 1)) s in all, \
    peak memory \(Numbers.count(peakMemoryBytes >> 20)) MiB
    """
  }
}

extension Discovery {
  /// The files of a run's directory, by name.
  public func files() throws -> [String: Data] {
    let texts = [
      "run.json": try record.json() + "\n", "curve.csv": report.curve,
      "report.html": report.html, "prompts.jsonl": try promptLines(), "prompts.csv": promptValues,
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
