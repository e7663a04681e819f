public import Engine

/// A task that comes with Edgewise: it makes prompts for a model's own tokenizer.
///
/// A new task is a file here and a line in ``BuiltInTasks``.
public protocol BuiltInTask: Sendable {
  /// The name on the command line.
  var name: String { get }
  /// What the model has to do, in a line.
  var summary: String { get }
  /// Models that are known to do it.
  var doneBy: String { get }
  /// The metric that the task is measured by, unless another one is asked for.
  var metricName: String { get }
  /// Whether it has the same prompts for every seed.
  var isFixed: Bool { get }

  /// Makes prompt pairs; the same seed gives the same pairs.
  ///
  /// - Parameters:
  ///   - count: How many.
  ///   - seed: Where the random choices start.
  ///   - model: The model whose tokens are used.
  /// - Returns: `count` pairs.
  /// - Throws: ``TaskError`` when the model's vocabulary does not allow the task.
  func pairs(count: Int, seed: UInt64, model: Transformer) throws(TaskError) -> [PromptPair]
}

extension BuiltInTask {
  /// Most tasks are measured by the logit difference.
  public var metricName: String { LogitDifference().name }
  /// Tasks of models that were made for them need not say it.
  public var doneBy: String { "" }
  /// Most tasks make prompts at random.
  public var isFixed: Bool { false }
}

/// The known built-in tasks.
public enum BuiltInTasks {
  /// All tasks, in the order they are listed.
  public static let all: [any BuiltInTask] = [
    IndirectObject(), GreaterThan(), Docstring(), Induction(), SubjectVerbAgreement(),
    GenderedPronoun(),
  ]

  /// The task of a name.
  ///
  /// - Throws: ``TaskError/unknownName(kind:_:known:)``.
  public static func named(_ name: String) throws(TaskError) -> any BuiltInTask {
    guard let task = all.first(where: { $0.name == name }) else {
      throw .unknownName(kind: "built-in task", name, known: all.map(\.name))
    }
    return task
  }
}
