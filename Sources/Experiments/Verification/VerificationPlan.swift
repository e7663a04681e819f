public import Evaluation
import Foundation
import Graphs
import Methods
import Tasks
import Tensors

/// Scores of a run, some of which are verified by exact patches where they tell most.
public struct VerificationPlan: Sendable {
  /// What is held to be true of all edges.
  public enum Truth: Sendable, Equatable {
    /// The edges that the budget leaves are patched, too.
    case exhaustive
    /// The scores of a run or file, as of the method `exact`.
    case scores(String)
  }

  /// The run's directory.
  public var run: String
  /// The model; nil for the run's.
  public var model: ModelReference?
  /// A built-in task or a file on whose prompts edges are patched; nil for the run's own.
  public var task: String?
  /// How many prompt pairs a built-in task makes; nil for as many as the run's.
  public var count: Int?
  /// Where a built-in task's random choices start; nil for where the run's did.
  public var seed: UInt64?
  /// How many edges are patched, in how many rounds.
  public var budget: VerificationBudget
  /// How they are chosen.
  public var strategy: PatchStrategy
  /// How many of the best edges are to be found; nil for as many as the run's circuit has.
  public var bestCount: Int?
  /// What recall is held to; nil for nothing.
  public var truth: Truth?
  /// Where runs are done; nil for the processor.
  public var hardware: Hardware?

  /// Describes what is verified; see the properties.
  public init(
    run: String, model: ModelReference? = nil, task: String? = nil, count: Int? = nil,
    seed: UInt64? = nil, budget: VerificationBudget, strategy: PatchStrategy = .refit,
    bestCount: Int? = nil, truth: Truth? = nil, hardware: Hardware? = nil
  ) {
    self.run = run
    self.model = model
    self.task = task
    self.count = count
    self.seed = seed
    self.budget = budget
    self.strategy = strategy
    self.bestCount = bestCount
    self.truth = truth
    self.hardware = hardware
  }

  /// Patches.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - states: Where it is kept how far the run has come; nil for nowhere.
  /// - Returns: The verified scores, and what was patched.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener(), states: ResumePlace? = nil
  ) throws -> VerificationRun {
    let prepared = try PreparedVerification(self, telling: listener)
    let state = try states.map {
      try ResumeState($0, run: prepared.identity, note: listener.note)
    }
    defer { state?.finish() }
    return try prepared.device.checked { try prepared.run(telling: listener, state: state) }
  }

  /// Whether other prompts than the run's are patched on.
  var isShifted: Bool { task != nil || count != nil || seed != nil }

  /// The prompts, over those of the run.
  func prompts(over found: TaskPlan) -> TaskPlan {
    var plan = found
    if let task { plan.name = task }
    plan.count = count ?? plan.count
    plan.seed = seed ?? plan.seed
    return plan
  }
}
