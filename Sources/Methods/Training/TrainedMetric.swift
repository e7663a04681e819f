import Graphs
import Tasks

/// What a mask is trained for: the task's metric, or another one that has a gradient.
public struct TrainedMetric: RawRepresentable, CaseIterable, Sendable, Equatable {
  /// The name on the command line: that of a metric, or `task`.
  public let rawValue: String

  /// The task's own metric.
  public static let task = TrainedMetric(name: "task")
  /// The squared distance of the task's own from what the full model has of it.
  public static let faithful = TrainedMetric(name: "faithful")
  /// KL(full model ‖ run).
  public static let kl = TrainedMetric(name: Divergence.kl.name)

  /// The task's own, its distance from the full model's, and all that have a gradient.
  public static let allCases =
    [task, faithful]
    + Metrics.all.filter { $0 is any DifferentiableMetric }.map { TrainedMetric(name: $0.name) }

  private init(name: String) { rawValue = name }

  /// The metric of a name.
  public init?(rawValue: String) {
    guard let found = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = found
  }

  /// The metric for a problem.
  ///
  /// - Throws: ``MethodError`` when it has no gradient or the prompts lack the answers that it needs.
  func metric(for problem: DiscoveryProblem) throws(MethodError) -> any DifferentiableMetric {
    guard self != .task else { return try problem.requireGradient() }
    guard self != .faithful else { return FaithfulMetric(base: try problem.requireGradient()) }
    let found = Metrics.all.first { $0.name == rawValue } as? any DifferentiableMetric
    guard let found, problem.task.allows(found) else {
      throw .missingAnswers(metric: rawValue)
    }
    return found
  }
}
