import Edgewise
import Foundation

/// The files of a run, written all or none.
struct RunDirectory {
  let url: URL

  /// - Throws: ``Failure`` when the directory already holds something, since no run is overwritten, or
  ///   cannot be made: before any work is done.
  init(path: String) throws {
    guard !path.isEmpty else { throw Failure("--output should name a new directory.") }
    url = URL(filePath: path, directoryHint: .isDirectory)
    let parent = url.deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    } catch {
      throw Failure("\(parent.path): the directory cannot be made: \(reason(of: error)).")
    }
    guard FileManager.default.isWritableFile(atPath: parent.path) else {
      throw Failure("\(parent.path): nothing can be written there; choose another --output.")
    }
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    let contents = try? FileManager.default.contentsOfDirectory(atPath: url.path)
    guard contents?.isEmpty ?? false else {
      throw Failure(
        "\(path) is already there and is not an empty directory; choose another --output.")
    }
  }

  func write(_ report: DiscoveryReport, _ record: RunRecord) throws {
    // The moment it takes is not interrupted, so that nothing half-written is left.
    let (interrupt, terminate) = (signal(SIGINT, SIG_IGN), signal(SIGTERM, SIG_IGN))
    defer {
      signal(SIGINT, interrupt)
      signal(SIGTERM, terminate)
    }
    let files = FileManager.default
    let parent = url.deletingLastPathComponent()
    let partial = parent.appending(path: ".\(url.lastPathComponent).\(UUID().uuidString).partial")
    do {
      try files.createDirectory(at: partial, withIntermediateDirectories: true)
      defer { try? files.removeItem(at: partial) }
      let texts = [
        "run.json": try record.json() + "\n", "curve.csv": report.curve,
        "report.html": report.html,
        "circuit.json": try CircuitDocument(report.circuit, scores: report.scores).json(),
      ]
      for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
        try Data(text.utf8).write(to: partial.appending(path: name))
      }
      try report.scores.safetensors(
        method: report.heading.method, metric: report.heading.metric
      ).write(to: partial.appending(path: "scores.safetensors"))
      if files.fileExists(atPath: url.path) { try files.removeItem(at: url) }
      try files.moveItem(at: partial, to: url)
    } catch {
      throw Failure("\(url.path): the run could not be written: \(reason(of: error)).")
    }
  }
}

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
  let model: String
  let modelFiles: [String: String]
  let task: String
  let taskFile: [String: String]?
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
    arguments: [String], modelFiles: [String: String], taskFile: [String: String]?, seed: UInt64,
    report: DiscoveryReport, seconds: Seconds
  ) {
    self.arguments = arguments
    self.modelFiles = modelFiles
    self.taskFile = taskFile
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
    circuit = report.scores.top(report.circuit.edgeCount, by: report.ranking).map {
      KeptEdge(
        edge: $0.edge.description, score: $0.score, isOnPath: pruned.contains($0.edge))
    }
    threads = ProcessSettings.threadCount
    peakMemoryBytes = ProcessSettings.peakMemory
  }

  /// The record as JSON with sorted keys.
  func json() throws -> String { try sortedJSON(self) }
}

extension CircuitDocument {
  /// The document as JSON with sorted keys: the same circuit gives the same bytes.
  func json() throws -> String { try sortedJSON(self) }
}

private func sortedJSON(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
