package import Engine
package import Tensors

/// What an ablation puts in place of writes, with means over one whole task.
///
/// Means are taken at their first use, once for all copies.
package struct AblationValues: Sendable {
  package let ablation: Ablation
  private let model: Transformer
  /// Means or constants as rows: one, or one for each position; nil for other ablations.
  package let rows: Lazy<CompactWrites>?
  private let isPositional: Bool

  /// Runs nothing yet.
  ///
  /// The means' first use takes one forward pass over the task's prompts, two for those of both kinds.
  package init(_ ablation: Ablation, task: CircuitTask, model: Transformer) {
    self.ablation = ablation
    self.model = model
    switch ablation {
    case .resample, .zero: (rows, isPositional) = (nil, false)
    case .optimal(let constants):
      guard let writes = constants.writes else {
        preconditionFailure("\(constants.path) was not read: see Ablation.loaded(for:)")
      }
      rows = Lazy { writes }
      isPositional = false
    case .mean(let prompts):
      rows = Lazy { Self.means(prompts, task, model) { _ in 0 } }
      isPositional = false
    case .positionalMean(let prompts):
      rows = Lazy { Self.means(prompts, task, model) { $0 } }
      isPositional = true
    }
  }

  /// The ablated writes for a batch's tokens, which go on from a cache unless it is nil.
  ///
  /// - Parameters:
  ///   - batch: The pairs.
  ///   - cache: What ``PairBatch/cache(_:)`` is.
  ///   - isMeasuredOnly: Whether those of the last layer are wanted at measured tokens only.
  /// - Returns: Ablated values.
  package func writes(
    for batch: PairBatch, cache: KeyValueCache?, isMeasuredOnly: Bool = false
  ) -> CompactWrites {
    if let rows {
      let places = batch.clean.positions.map { isPositional ? $0 : 0 }
      return rows.value.map { $0.gatherRows(places) }
    }
    if ablation == .zero { return model.zeroWrites(tokenCount: batch.clean.tokens.count) }
    return PlainRun(
      model, batch: batch.corrupted, cache: cache, isMeasuredOnly: isMeasuredOnly
    ).forward().writes
  }

  /// Averages the writes of the prompts' tokens over groups of positions.
  private static func means(
    _ prompts: Ablation.Prompts, _ task: CircuitTask, _ model: Transformer,
    group: (Int32) -> Int32
  ) -> CompactWrites {
    var sums: [RowMeans] = []
    let groupCount =
      (task.pairs.map { Int(group(Int32($0.clean.count - 1))) }.max() ?? 0) + 1
    for batch in task.batches(model.plainBatch).flatMap({ $0.batches(of: prompts) }) {
      let writes = PlainRun(model, batch: batch).forward().writes
      let groups = batch.positions.map(group)
      let tensors = writes.tensors
      if sums.isEmpty {
        sums = tensors.map { RowMeans(groupCount: groupCount, columnCount: $0.columnCount) }
      }
      for (index, tensor) in tensors.enumerated() { sums[index].add(tensor, groups: groups) }
    }
    return CompactWrites(tensors: sums.map(\.means))
  }
}

extension PairBatch {
  /// The prompts of a kind.
  fileprivate func batches(of prompts: Ablation.Prompts) -> [TokenBatch] {
    switch prompts {
    case .corrupted: [corrupted]
    case .clean: [clean]
    case .both: [clean, corrupted]
    }
  }
}
