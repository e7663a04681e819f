public import Graphs
public import Tasks

/// One circuit under many choices of method: how much its score depends on them (arXiv 2407.08734).
public struct Robustness: Sendable {
  /// One choice.
  public struct Row: Sendable {
    /// What was ablated, by what and where.
    public let scheme: AblationScheme
    /// The faithfulness for each metric.
    public let faithfulness: [Faithfulness]
  }

  /// The metrics' names.
  public let metrics: [String]
  /// The choices, granularity by granularity.
  public let rows: [Row]

  /// The faithfulness values of one metric over all choices, those for which full and empty differ.
  public func spread(ofMetric index: Int) -> PromptValues {
    PromptValues(rows.map(\.faithfulness[index].value).filter(\.isFinite))
  }

  /// The choices that the paper compares: edges or nodes, each ablation, all or given positions.
  public static func schemes(
    ablations: [Ablation] = [.resample, .mean(), .positionalMean(), .zero],
    part: AblationScheme.Part = .complement, positions: [AblatedPositions]
  ) -> [AblationScheme] {
    AblationScheme.Granularity.allCases.flatMap { granularity in
      ablations.flatMap { ablation in
        positions.map {
          AblationScheme(ablation, granularity: granularity, part: part, positions: $0)
        }
      }
    }
  }
}

extension InterventionRuns {
  /// Measures one circuit under several schemes by several metrics, in one pass over the prompts.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph.
  ///   - schemes: What is ablated, by what and where.
  ///   - metrics: Metrics whose answers the task's pairs have.
  ///   - progress: Is told about every run.
  /// - Returns: A row for each scheme.
  public func robustness(
    of circuit: Circuit, under schemes: [AblationScheme], by metrics: [any Metric],
    progress: RunProgress.Handler = { _ in }
  ) -> Robustness {
    let measured = measure(
      schemes.map { $0.everyEdge(of: circuit.graph) }
        + schemes.map { $0.intervention(on: circuit) }, by: metrics, progress: progress)
    return Robustness(
      metrics: metrics.map(\.name),
      rows: schemes.enumerated().map { index, scheme in
        Robustness.Row(
          scheme: scheme,
          faithfulness: metrics.indices.map {
            Faithfulness(
              full: measured.full[$0], empty: measured.values[index][$0],
              circuit: measured.values[schemes.count + index][$0])
          })
      })
  }
}
