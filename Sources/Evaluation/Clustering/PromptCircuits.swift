public import Tasks
public import Graphs

/// Circuits of which each prompt has its own, or that of its cluster.
public struct PromptCircuits: Sendable, Equatable {
  /// The circuits, of one graph.
  public let circuits: [Circuit]
  /// For each prompt the place of its circuit.
  public let places: [Int]

  /// Takes circuits and which of them each prompt has.
  public init(_ circuits: [Circuit], places: [Int]) {
    precondition(places.allSatisfy(circuits.indices.contains), "a place without a circuit")
    self.circuits = circuits
    self.places = places
  }

  /// One circuit for all prompts.
  public init(_ circuit: Circuit, promptCount: Int) {
    self.init([circuit], places: [Int](repeating: 0, count: promptCount))
  }

  /// A circuit for each cluster of prompts, chosen by the mean scores of its prompts.
  ///
  /// - Parameters:
  ///   - partition: The clusters.
  ///   - scores: The scores of each prompt.
  ///   - selection: How circuits are chosen.
  public init(_ partition: Partition, of scores: [EdgeScores], by selection: CircuitSelection) {
    self.init(
      partition.clusters.map { members in
        EdgeScores(meanOf: members.map { scores[$0] }).circuit(selection)
      }, places: partition.labels)
  }
}

extension CircuitEvaluation {
  /// What several choices of circuits for prompts do, in one pass over the prompts.
  ///
  /// - Parameters:
  ///   - choices: For each choice a circuit of every prompt of the task.
  ///   - progress: Is told about every run.
  /// - Returns: One for each choice, by the task's own metric.
  public func promptCircuits(
    _ choices: [PromptCircuits], progress: RunProgress.Handler = { _ in }
  ) -> [Faithfulness] {
    guard let graph = choices.first?.circuits.first?.graph else { return [] }
    let interventions = choices.map { scheme.intervention(on: $0.circuits, ofPrompts: $0.places) }
    let measured = runs.measure(
      [scheme.everyEdge(of: graph)] + interventions, by: [task.metric], progress: progress)
    return measured.values.dropFirst().map {
      Faithfulness(full: measured.full[0], empty: measured.values[0][0], circuit: $0[0])
    }
  }
}

extension Faithfulness {
  /// How far prompts are from the full model, in units of how far all ablated they are:
  /// `Σ |m(M) − m(C)| / Σ |m(M) − m(∅)|` over prompts; 0 where each keeps its own metric, which prompts that lose some and
  /// others that gain as much do not.
  public var unfaithfulness: Double {
    let sum = { (run: PromptValues) in
      zip(full.values, run.values).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    return isTelling ? sum(circuit) / sum(empty) : .nan
  }

  /// The same for some of the prompts, by their places.
  public func restricted(to prompts: [Int]) -> Faithfulness {
    let some = { (run: PromptValues) in PromptValues(prompts.map { run.values[$0] }) }
    return Faithfulness(full: some(full), empty: some(empty), circuit: some(circuit))
  }
}
