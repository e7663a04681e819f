import Engine
import Evaluation
import Foundation
public import Graphs
import Methods
public import Reports
public import Tasks
import Tensors

/// What a discovery found.
public struct Discovery: Sendable {
  /// What was run.
  public let plan: DiscoveryPlan
  /// The model.
  public let loaded: LoadedModel
  /// The prompts and the metric.
  public let task: CircuitTask
  /// The pairs of the task's file that were held out.
  let heldOut: [PromptPair]
  /// The circuit with its scores and what it does.
  public let report: DiscoveryReport
  /// What the run writes as `run.json`.
  public let record: RunRecord
  /// The scores of each prompt; none when they were not asked for.
  let promptScores: [EdgeScores]
  /// What the method made beside scores: files of the run's directory by their names.
  let attachments: [String: Data]

  /// A score for every edge.
  public var scores: EdgeScores { report.scores }
  /// The circuit.
  public var circuit: Circuit { report.circuit }
}

extension DiscoveryPlan {
  /// Finds a circuit.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - states: Where a long run keeps how far it has come; nil for nowhere.
  /// - Returns: Scores, the circuit and what it does.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener(), states: ResumePlace? = nil
  ) throws -> Discovery {
    let prepared = try PreparedDiscovery(self)
    let state = try states.map { try prepared.state(at: $0, telling: listener) }
    return try prepared.run(telling: listener, state: state)
  }
}
