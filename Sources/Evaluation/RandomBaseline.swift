public import Graphs
public import Tasks
import Tensors

/// What random circuits do, as large as a given one and with as many edges between each two layers.
public struct RandomBaseline: Sendable, Equatable {
  /// The faithfulness of each random circuit.
  public let circuits: [Faithfulness]

  /// Takes what was measured.
  public init(circuits: [Faithfulness]) { self.circuits = circuits }

  /// The faithfulness values of all circuits: their mean, standard error and quantiles.
  public var values: PromptValues { PromptValues(circuits.map(\.value)) }
}

extension CircuitEvaluation {
  /// Measures random circuits of a circuit's size and per-layer profile.
  ///
  /// - Parameters:
  ///   - circuit: The circuit that random ones are to be like.
  ///   - count: How many random circuits.
  ///   - seed: Where random choices start.
  ///   - progress: Is told about every run.
  /// - Returns: The faithfulness of each, by the task's own metric.
  public func randomBaseline(
    like circuit: Circuit, count: Int = 10, seed: UInt64 = 0,
    progress: RunProgress.Handler = { _ in }
  ) -> RandomBaseline {
    var generator = SeededGenerator(seed: seed)
    let circuits = (0..<count).map { _ in circuit.randomOfSameProfile(using: &generator) }
    return RandomBaseline(
      circuits: faithfulness(of: circuits, by: [task.metric], progress: progress).map { $0[0] })
  }
}
