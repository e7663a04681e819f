import Engine
public import Evaluation
public import Reports
import Tasks

extension EvaluationMeasure {
  /// Whether the ablation takes the model to where it never is by itself.
  static let realism = EvaluationMeasure(
    "realism", "whether outputs under the ablation can be told from the full model's"
  ) { source in
    let least = AblationRealism.leastPromptCount
    guard source.task.pairs.count >= least else {
      throw ExperimentError("The measure realism needs at least \(least) prompt pairs.")
    }
    return { run in
      run.evaluation.realism(
        of: run.source.circuit, seed: run.seed, progress: run.listener.progress)
    }
  }
}

extension AblationRealism: Finding {
  /// The key in `evaluation.json`.
  public static let key = "realism"

  /// Both discrepancies, and what to make of them.
  public func text(in report: EvaluationReport, on page: Page) -> String? {
    let part = { (found: MaximumMeanDiscrepancy) in
      "\(Numbers.signed(found.value)) (p \(Numbers.fixed(found.pValue)))"
    }
    return """
      outputs under the ablation against the full model's, MMD²: \(part(clean)) on clean prompts,
      \(part(corrupted)) on corrupted ones: \
      \(isToldApart ? "the ablation takes the model to where it never is" : "they cannot be told apart")
      """
  }

  /// Both discrepancies with their p-values.
  public func json(in report: EvaluationReport) -> any Encodable {
    [
      "clean": clean.value, "clean, p": clean.pValue, "corrupted": corrupted.value,
      "corrupted, p": corrupted.pValue,
    ].compactMapValues(finite)
  }
}
