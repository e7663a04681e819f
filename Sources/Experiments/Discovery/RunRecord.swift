import Engine
import Evaluation
import Files
public import Foundation
import Graphs
import Hashing
public import Reports
import Tensors

/// What `run.json` says: everything that is needed to repeat a run, and what came out.
public struct RunRecord: Encodable, Sendable {
  /// How long parts of a run took.
  struct Seconds: Encodable, Sendable {
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
    /// That which holds the constants of an optimal ablation.
    let constants: [String: String]?
  }

  struct Measures: Encodable, Sendable {
    let metric: String
    let full: Double?
    let circuit: Double?
    let circuitStandardError: Double?
    let empty: Double?
    let faithfulness: Double?
    let faithfulnessStandardError: Double?
  }

  /// How far the method's integral has converged.
  struct Integral: Encodable, Sendable {
    let sum: Double?
    let whole: Double?
    let share: Double?
  }

  /// What a circuit whose size was searched for was to keep, and how sure it is.
  struct Search: Codable, Sendable {
    let share: Double
    let probability: Double?
    let interval: [Double]?
    let edgesBeforePruning: Int
    let ranking: EdgeScores.Ranking
    let order: CircuitSelection.Order

    /// Refuses numbers that no search has.
    ///
    /// - Throws: ``ExperimentError``.
    func check() throws {
      try SelectionPlan(size: .edges(edgesBeforePruning), keep: share).check()
    }
  }

  /// What kept a run's scores near those of other tasks; see ``CouplingPlan``.
  struct Coupling: Codable, Sendable {
    /// How far they may be from the centre.
    let radius: CouplingRadius
    /// The other tasks.
    let tasks: [String]
    /// How hard this task pulls away.
    let multiplier: Double
    /// How far it is from the centre.
    let distance: Double

    /// What is said of it.
    var text: String { "coupled within \(radius) with \(tasks.joined(separator: ", "))" }
  }

  struct KeptEdge: Encodable, Sendable {
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
  /// SHA-256 of what the method made beside scores: files of the run's directory by their names.
  let attachments: [String: String]
  /// How many pairs of the task's file were left out because their prompts differ in tokens.
  let leftOut: Int?
  let edges: Int
  let edgesOnPaths: Int
  /// The share of prompts that the full model answers right.
  let accuracy: Double?
  /// The prompts that the circuit was measured on.
  let prompts: String
  /// Whether the circuit was found on other ones.
  let isHeldOut: Bool
  /// The circuit by the run's metric, first, and by others.
  let measures: [Measures]
  let search: Search?
  /// What kept the scores near those of other tasks; nil for nothing.
  let coupling: Coupling?
  let integral: Integral?
  /// What the numbers do not say by themselves.
  let caveats: [String]
  /// What was said while the run went on, of the model, the prompts and the choice of edges.
  let notes: [String]
  let circuit: [KeptEdge]
  /// The heads and MLPs on paths from input to logits, those with the largest direct effects first.
  let nodes: [NodeRecord]
  /// The circuits of single prompts; nil when they were not asked for.
  let promptCircuits: PromptReportRecord?
  /// The circuit at spans of the prompts; nil when it was not asked for.
  let spans: SpanReportRecord?
  let threads: Int
  let peakMemoryBytes: Int
  /// The most that the card held; nil on the processor.
  let cardPeakMemoryBytes: Int?
  let seconds: Seconds

  init(
    plan: DiscoveryPlan, files: Files, attachments: [String: Data], leftOut: Int?,
    report: DiscoveryReport, notes: [String], coupling: Coupling?, seconds: Seconds,
    cardPeakMemory: Int?
  ) {
    self.plan = plan
    self.leftOut = leftOut
    self.files = files
    self.attachments = attachments.mapValues { sha256(of: $0) }
    self.notes = notes
    self.coupling = coupling
    self.seconds = seconds
    model = report.heading.model
    task = report.heading.task
    method = report.heading.method
    metric = report.heading.metric
    edges = report.circuit.edgeCount
    let pruned = report.circuit.pruned()
    edgesOnPaths = pruned.edgeCount
    let measured = report.measured
    accuracy = report.accuracy
    prompts = measured.prompts
    isHeldOut = measured.isHeldOut
    caveats = measured.caveats.map(\.description)
    measures = measured.metrics.map { name, found in
      Measures(
        metric: name, full: finite(found.full.mean), circuit: finite(found.circuit.mean),
        circuitStandardError: found.circuit.standardError.flatMap(finite),
        empty: finite(found.empty.mean),
        faithfulness: finite(found.value),
        faithfulnessStandardError: found.standardError.flatMap(finite))
    }
    search = measured.size.map { kept in
      Search(
        share: kept.share, probability: kept.probability,
        interval: kept.interval.map { [$0.lowerBound, $0.upperBound] },
        edgesBeforePruning: kept.edgeCount, ranking: kept.order.ranking, order: kept.order.order)
    }
    integral = report.integral.map {
      Integral(sum: finite($0.sum), whole: finite($0.whole), share: finite($0.share))
    }
    circuit = report.scores.top(of: report.circuit, by: report.ranking).map {
      KeptEdge(
        edge: $0.edge.description, score: $0.score, isOnPath: pruned.contains($0.edge))
    }
    nodes = report.nodeTable.nodes
    promptCircuits = report.prompts.map(PromptReportRecord.init)
    spans = report.spans.map(SpanReportRecord.init)
    threads = ProcessSettings.threadCount
    peakMemoryBytes = ProcessSettings.peakMemory
    cardPeakMemoryBytes = cardPeakMemory
  }

  /// The record as JSON with sorted keys.
  public func json() throws -> String { try sortedJSON(self) }

  /// One line about time and memory.
  public var costLine: String {
    let card = cardPeakMemoryBytes.map { ", on the card \(Numbers.count($0 >> 20)) MiB" } ?? ""
    return """
      \(seconds.discover > 0 ? "scored in \(Numbers.fixed(seconds.discover, 1)) s, " : "")\(Numbers.fixed(seconds.total, 1)) s in all, \
      peak memory \(Numbers.count(peakMemoryBytes >> 20)) MiB\(card)
      """
  }
}

extension Discovery {
  /// What the run took, what the circuit does, its heads and MLPs, and its edges, for a terminal.
  public func text(on page: Page = Page()) -> String {
    "\(record.costLine)\n\n\(report.text(on: page))"
  }

  /// The files of a run's directory, by name.
  public func files() throws -> [String: Data] {
    let texts = [
      "run.json": try record.json() + "\n",
      "curve.csv": report.curve,
      "report.html": report.html,
      "circuit.json": try CircuitDocument(report.circuit, scores: report.scores).json(),
    ].merging(report.drawing.figure.files(named: "circuit")) { $1 }.merging(try promptFiles()) {
      $1
    }
    var files = texts.mapValues { Data($0.utf8) }
    files["node-scores.csv"] = report.scores.nodes.map { Data($0.csvText.utf8) }
    files["scores.safetensors"] = try report.scores.safetensors(
      method: report.heading.method, metric: report.heading.metric)
    files.merge(try promptCircuitFiles()) { $1 }
    files.merge(try spanFiles()) { $1 }
    files.merge(attachments) { $1 }
    return files
  }
}

extension CircuitDocument {
  /// The document as JSON with sorted keys: the same circuit gives the same bytes.
  func json() throws -> String { try sortedJSON(self) }
}
