import Graphs
package import Tensors

/// Runs whose masks differ from one run's mask in the column of one reader only, many of them at once.
///
/// Nothing below the reader is computed again. Above it each run, a *trial*, carries the changes that its
/// column makes: a reader's value is that of the one run plus the changes of the writers that it takes in.
/// Trials lie one after another along the token axis, so that all of them are one matrix product.
package struct ReaderTrials {
  let run: MaskedRun
  let state: MaskedState
  let reader: Int
  let plan: TrialPlan

  /// - Parameters:
  ///   - run: The run whose masks the trials start from.
  ///   - state: Its state.
  ///   - reader: The reader whose column is tried.
  package init(_ run: MaskedRun, from state: MaskedState, reader: Int) {
    precondition(run.masks == state.masks, "trials of another run")
    self.run = run
    self.state = state
    self.reader = reader
    plan = TrialPlan(run.masks, reader: reader)
  }

  /// Whether the reader's value reaches the logits at all.
  package var matters: Bool { plan.readers[reader] }

  /// How many trials fit into memory and make products large enough.
  package var capacity: Int {
    let configuration = run.model.configuration
    let (tokens, rows) = (run.batch.tokens.count, run.batch.rows.count)
    let isLast = reader == run.graph.logitsReader
    // Where columns differ, a layer's readers have reads of their own: as they are, stacked, and normalised.
    let layerReaders = run.graph.readerCount / run.graph.layerCount
    let held = plan.keepsEach ? plan.writers.count { $0 } + 3 * layerReaders : 8
    let numbers = max(
      (isLast ? rows : tokens * held) * configuration.dModel, 2 * rows * configuration.outputCount)
    let enough = isLast ? Self.enoughRows / rows : Self.enoughTokens / tokens
    return max(min(enough, Self.budget / numbers), 1)
  }

  /// Numbers that the trials of one call may hold: 256 MiB.
  private static let budget = 64 << 20
  /// More tokens than this make no product faster.
  private static let enoughTokens = 1024
  private static let enoughRows = 512

  /// The logits of trials.
  ///
  /// - Parameters:
  ///   - columns: For each trial the reader's mask, one number for each writer it sees; where the run has several
  ///     masks, for each of them one after another.
  ///   - outputs: The outputs whose logits are wanted; nil for all.
  /// - Returns: `[trial, row, outputs]`, the rows those of the batch.
  package func logits(_ columns: [[Float]], of outputs: [Int32]? = nil) -> Tensor {
    var pass = TrialPass(trials: self, columns: columns)
    for layer in run.layers.indices { pass.run(layer) }
    let logits = pass.logits(of: outputs)
    return logits.reshaped([columns.count, run.batch.rows.count, logits.columnCount])
  }
}

/// What a writer, or several together, write in trials beyond what they write in the one run.
struct TrialChange {
  /// The writer, or the first of several of which only the sum is wanted.
  let writer: Int
  /// Whether the change is known at all tokens, `[trial · token, dModel]`, or at rows only.
  let isWhole: Bool
  let value: Tensor
}

/// The values of trials that differ from the one run's, while a pass adds to them.
struct TrialChanges {
  /// The rows among the tokens of all trials.
  let rows: [Int32]
  let keepsEach: Bool
  private var each: [TrialChange] = []
  /// The sum of the changes at all tokens, and of those that are known at rows only.
  private var whole: Tensor?
  private var atRows: Tensor?

  init(rows: [Int32], keepsEach: Bool) {
    self.rows = rows
    self.keepsEach = keepsEach
  }

  mutating func add(_ change: TrialChange) {
    if keepsEach { each.append(change) }
    if change.isWhole { whole.accumulate(change.value) } else { atRows.accumulate(change.value) }
  }

  /// Adds the changes that a column takes in to a read of all trials.
  ///
  /// - Parameters:
  ///   - read: `[trial · token, dModel]`, or at rows only.
  ///   - column: The reader's masks, each with a number for each writer it sees.
  ///   - maskCount: How many masks there are.
  ///   - spans: Which of them each row of the read has.
  ///   - wanted: Whether the read is of all tokens.
  func add(
    to read: inout Tensor, column: [Float], maskCount: Int, _ spans: [RunMasks.Span],
    isWhole wanted: Bool
  ) {
    let visible = column.count / maskCount
    let factors = { (change: TrialChange) in
      (0..<maskCount).map { column[$0 * visible + change.writer] }
    }
    let isPlain = !keepsEach || each.allSatisfy { factors($0).allSatisfy { $0 == 1 } }
    guard isPlain else {
      let terms = each.filter { factors($0).contains { $0 != 0 } }
      read = .sums(
        base: read,
        terms: terms.map { !wanted && $0.isWhole ? $0.value.gatherRows(rows) : $0.value },
        parts: spans.map { span in (span.tokens, terms.map { factors($0)[span.mask] }) }, count: 1
      ).reshaped(read.shape)
      return
    }
    if let whole { read.add(wanted ? whole : whole.gatherRows(rows)) }
    if !wanted, let atRows { read.add(atRows) }
  }
}

extension Tensor? {
  fileprivate mutating func accumulate(_ term: Tensor) {
    guard var sum = take() else {
      self = term
      return
    }
    sum.add(term)
    self = sum
  }
}
