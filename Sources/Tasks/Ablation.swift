package import Models
import Tensors

/// What an ablated edge carries instead of the writer's current value.
public enum Ablation: String, Sendable, CaseIterable {
  /// The writer's value on the corrupted prompt, token for token.
  case resample
  /// The writer's mean over all tokens of all corrupted prompts.
  case mean
  /// The writer's mean over the corrupted prompts' tokens at the same position.
  case positionalMean = "positional-mean"
  /// Nothing.
  case zero
}

/// An ablation made ready for a task: means are taken once, over the whole task.
package struct AblationValues: Sendable {
  private let ablation: Ablation
  private let model: Transformer
  /// Means as rows: one, or one for each position; empty for other ablations.
  private let means: CompactWrites?

  /// - Complexity: One forward pass over the corrupted prompts for the means, else nothing.
  package init(_ ablation: Ablation, task: CircuitTask, model: Transformer) {
    self.ablation = ablation
    self.model = model
    switch ablation {
    case .resample, .zero: means = nil
    case .mean: means = Self.means(task, model) { _ in 0 }
    case .positionalMean: means = Self.means(task, model) { Int($0) }
    }
  }

  /// The ablated writes for a batch's tokens; `corrupted` spares a pass when it was run already.
  package func writes(for batch: PairBatch, corrupted: CompactWrites? = nil) -> CompactWrites {
    if let means {
      let rows = batch.clean.positions.map { ablation == .mean ? 0 : $0 }
      return means.map { $0.gatherRows(rows) }
    }
    if ablation == .zero { return model.zeroWrites(tokenCount: batch.clean.tokens.count) }
    return corrupted ?? PlainRun(model, batch: batch.corrupted).forward().writes
  }

  /// Averages the writes of the corrupted prompts' tokens over groups of positions.
  private static func means(
    _ task: CircuitTask, _ model: Transformer, group: (Int32) -> Int
  ) -> CompactWrites? {
    var sums: [RowMeans] = []
    let groupCount = (task.pairs.map { group(Int32($0.clean.count - 1)) }.max() ?? 0) + 1
    for batch in task.batches(model.plainBatch) {
      let writes = PlainRun(model, batch: batch.corrupted).forward().writes
      let groups = batch.corrupted.positions.map { Int32(group($0)) }
      let tensors = [writes.input] + writes.heads + writes.mlps
      if sums.isEmpty {
        sums = tensors.map { RowMeans(groupCount: groupCount, columnCount: $0.columnCount) }
      }
      for (index, tensor) in tensors.enumerated() { sums[index].add(tensor, groups: groups) }
    }
    let means = sums.map(\.means)
    let layers = model.configuration.layerCount
    return CompactWrites(
      input: means[0], heads: Array(means[1..<(1 + layers)]), mlps: Array(means[(1 + layers)...]))
  }
}
