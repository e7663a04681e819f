public import Reports

/// A part of an evaluation: what it is called, what it needs, and how it is taken.
///
/// What it finds is a `Finding`, which says how that reads as text, in files and as JSON.
public struct EvaluationMeasure: Sendable {
  /// Takes a measure; nil when there is nothing to be said after all.
  public typealias Run = @Sendable (EvaluationRun) throws -> (any Finding)?

  /// The name on the command line.
  public let name: String
  /// What it measures.
  public let summary: String
  /// Looks at what is evaluated, before anything is run.
  ///
  /// Throws ``ExperimentError`` when that lacks what the measure needs: a measure that was not named is then left out.
  let prepare: @Sendable (EvaluationSource) throws -> Run?

  /// Describes a measure.
  ///
  /// - Parameters:
  ///   - name: The name on the command line.
  ///   - summary: What it measures.
  ///   - prepare: Looks at what is evaluated and says how it is measured, nil for not at all. It throws
  ///     ``ExperimentError`` when something is missing; when nobody named the measure, it is then left out.
  public init(
    _ name: String, _ summary: String,
    prepare: @escaping @Sendable (EvaluationSource) throws -> Run?
  ) {
    self.name = name
    self.summary = summary
    self.prepare = prepare
  }
}

extension EvaluationMeasure {
  /// The known measures, in the order in which they are taken and shown.
  public static let all: [EvaluationMeasure] = [
    random, curve, completeness, minimality, nodes, stability, missed, none,
  ]

  /// Those that an option asks for by what they compare with.
  static let comparisons: [EvaluationMeasure] = [truth, agreement]

  /// Nothing: asks for the circuit by all metrics alone.
  public static let none = EvaluationMeasure("none", "nothing") { _ in nil }

  /// The measure of a name; nil when there is none.
  public init?(named name: String) {
    guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}
