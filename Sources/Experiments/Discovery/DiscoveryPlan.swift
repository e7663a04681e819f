import Engine
import Evaluation
import Files
import Foundation
import Graphs
public import Methods
import Reports
public import Tasks

/// The version of Edgewise, which plans and results state.
public let edgewiseVersion = "0.1.0"

/// A discovery as a value: what `run.json` holds, `evaluate` reads, and anything else can be started from.
public struct DiscoveryPlan: Sendable, Codable {
  /// The version that made the plan.
  public var version: String
  /// The model.
  public var model: ModelReference
  /// The prompts and the metric.
  public var task: TaskPlan
  /// The method, with its options.
  public var method: MethodChoice
  /// What an ablated edge carries.
  public var ablation: Ablation
  /// Whether heads that share a key or value have one reader for it.
  public var groupsKeysAndValues: Bool
  /// Which edges the circuit keeps.
  public var selection: SelectionPlan
  /// Whether every prompt is scored by itself, and circuits are found for clusters of prompts.
  public var perPrompt: Bool
  /// How prompts are cut into spans at which edges are scored; nil for scores at all tokens alone.
  public var spans: SpanChoice?
  /// Where runs are done; nil for the processor.
  public var hardware: Hardware?

  /// Describes a discovery; see the properties.
  public init(
    model: ModelReference, task: TaskPlan = TaskPlan(), method: MethodChoice,
    ablation: Ablation = .resample, groupsKeysAndValues: Bool = false,
    selection: SelectionPlan = SelectionPlan(), perPrompt: Bool = false,
    spans: SpanChoice? = nil, hardware: Hardware? = nil
  ) {
    version = edgewiseVersion
    self.model = model
    self.task = task
    self.method = method
    self.ablation = ablation
    self.groupsKeysAndValues = groupsKeysAndValues
    self.selection = selection
    self.perPrompt = perPrompt
    self.spans = spans ?? (method.method.isPositional ? .labels : nil)
    self.hardware = hardware
  }

  /// Refuses numbers that no run has: a plan can come from a file.
  ///
  /// - Throws: ``ExperimentError``.
  func check() throws {
    try task.check()
    try selection.check()
  }

  /// Refuses what edges cannot be scored for.
  ///
  /// - Throws: ``ExperimentError``.
  func checkScoring() throws {
    guard selection.signShare == nil || perPrompt else {
      throw ExperimentError(
        "Signs that are consistent over prompts take scores prompt by prompt: add --per-prompt.")
    }
  }

  /// What is said of the method.
  var methodDescription: String { "\(method), \(ablation) ablation" }
}

extension MethodChoice {
  /// What is said of an integral that has not converged.
  func warning(of integral: IntegralGap) -> String {
    """
    warning: the integral of \(name) has not converged: scores of edges out of input sum to \
    \(Numbers.percent(integral.share)) of what they should; more steps come closer (\(name):steps=30).
    """
  }
}
