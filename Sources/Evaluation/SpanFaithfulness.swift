public import Graphs
public import Tasks

extension CircuitEvaluation {
  /// The faithfulness of circuits at spans of the prompts, by the task's own metric, and of circuits at all tokens.
  ///
  /// - Parameters:
  ///   - circuits: Circuits at the spans.
  ///   - others: Circuits of the same graph at all tokens.
  ///   - spans: The spans of the task's prompts.
  ///   - progress: Is told about every run.
  /// - Returns: One for each circuit, those at spans first.
  public func faithfulness(
    of circuits: [SpanCircuit], and others: [Circuit], at spans: PromptSpans,
    progress: RunProgress.Handler = { _ in }
  ) -> [Faithfulness] {
    guard let graph = circuits.first?.circuits.first?.graph else { return [] }
    let interventions =
      circuits.map { scheme.intervention(on: $0, at: spans) }
      + others.map(scheme.intervention(on:))
    let measured = runs.measure(
      [scheme.everyEdge(of: graph)] + interventions, by: [task.metric], progress: progress)
    return measured.values.dropFirst().map {
      Faithfulness(full: measured.full[0], empty: measured.values[0][0], circuit: $0[0])
    }
  }
}
