public import Graphs
import Engine
public import Tasks
import Tensors

/// Whether what a model puts out under an ablation can be told from what it puts out by itself.
///
/// An ablation that takes a model to where it never is measures what it does there. Logits at the measured tokens, moved to
/// mean 0, are compared by ``MaximumMeanDiscrepancy``: those of every other prompt under the ablation with those of the
/// remaining prompts in the full model, so that no prompt is in both samples.
public struct AblationRealism: Sendable, Equatable {
  /// Against the full model on the clean prompts.
  public let clean: MaximumMeanDiscrepancy
  /// Against the full model on the corrupted prompts.
  public let corrupted: MaximumMeanDiscrepancy

  /// The larger of both p-values: small where the ablation is like neither kind of prompt.
  public var pValue: Double { max(clean.pValue, corrupted.pValue) }
  /// Whether it is told from both kinds of prompts, at a level of 5 %.
  public var isToldApart: Bool { pValue < 0.05 }

  /// The fewest prompts that can be divided into two samples.
  public static let leastPromptCount = 8
  /// The most points of a sample; of more prompts the first ones are compared.
  public static let mostPointCount = 200
}

extension CircuitEvaluation {
  /// Compares what the model puts out with a circuit alone with what it puts out by itself.
  ///
  /// - Parameters:
  ///   - circuit: A circuit of the model's graph, maybe with grouped keys and values.
  ///   - seed: Where random choices start.
  ///   - progress: Is told about every run.
  /// - Returns: How far both are apart.
  /// - Complexity: Three passes over the prompts, of which there must be at least eight.
  public func realism(
    of circuit: Circuit, seed: UInt64 = 0, progress: RunProgress.Handler = { _ in }
  ) -> AblationRealism {
    precondition(
      task.pairs.count >= AblationRealism.leastPromptCount, "\(task.pairs.count) prompts")
    let batches = task.batches(model.maskedBatch(withGradients: false), sharesStarts: false)
    var samples = [[Float]](repeating: [], count: 3)
    var (first, width) = (0, 0)
    for (index, batch) in batches.enumerated() {
      progress(RunProgress("comparing outputs", done: index, total: batches.count))
      var runs = BatchRuns(self.runs, batch: batch, from: first)
      let outputs = [
        runs.logits(scheme.intervention(on: circuit)), runs.cleanLogits,
        PlainRun(model, batch: batch.corrupted).forward().logits,
      ]
      width = outputs[0].columnCount
      let prompts = batch.clean.prompts
      for (row, token) in batch.clean.rows.enumerated() {
        let prompt = first + (prompts.firstIndex { $0.contains(Int(token)) } ?? 0)
        for (sample, logits) in outputs.enumerated() where (sample == 0) == (prompt % 2 == 0) {
          samples[sample] += logits.gatherRows([Int32(row)]).values()
        }
      }
      first += batch.promptCount
    }
    progress(RunProgress("comparing outputs", done: batches.count, total: batches.count))
    let tensors = samples.map { sample in
      let some = Array(sample.prefix(AblationRealism.mostPointCount * width))
      return Tensor(centred(some, width), shape: [some.count / width, width])
    }
    return AblationRealism(
      clean: MaximumMeanDiscrepancy(tensors[0], tensors[1], seed: seed),
      corrupted: MaximumMeanDiscrepancy(tensors[0], tensors[2], seed: seed))
  }

  /// Rows moved to mean 0: logits say nothing by what they have in common.
  private func centred(_ values: [Float], _ width: Int) -> [Float] {
    stride(from: 0, to: values.count, by: width).flatMap { start -> [Float] in
      let row = values[start..<(start + width)]
      let mean = Float(row.reduce(0.0) { $0 + Double($1) } / Double(width))
      return row.map { $0 - mean }
    }
  }
}
