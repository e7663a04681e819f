import Graphs
import Engine
import Tasks
import Tensors

/// A batch of a problem's prompts, ready for masked runs.
struct PreparedBatch {
  let batch: PairBatch
  let ablated: AblatedStream
  /// The full model's logits.
  let reference: ReferenceLogits
  private let problem: DiscoveryProblem
  private let cache: KeyValueCache?

  /// - Complexity: A forward pass, and one more when ablated values are those of corrupted prompts.
  init(_ batch: PairBatch, of problem: DiscoveryProblem) {
    let cache = batch.cache(problem.model)
    self.init(
      batch, of: problem, cache,
      PlainRun(problem.model, batch: batch.clean, cache: cache).forward())
  }

  fileprivate init(
    _ batch: PairBatch, of problem: DiscoveryProblem, _ cache: KeyValueCache?,
    _ full: PlainRun.Result
  ) {
    self.init(
      batch: batch,
      ablated: AblatedStream(
        problem.ablationValues.writes(for: batch, cache: cache), model: problem.model),
      reference: ReferenceLogits(full.logits), problem: problem, cache: cache)
  }

  private init(
    batch: PairBatch, ablated: AblatedStream, reference: ReferenceLogits,
    problem: DiscoveryProblem, cache: KeyValueCache?
  ) {
    self.batch = batch
    self.ablated = ablated
    self.reference = reference
    self.problem = problem
    self.cache = cache
  }

  /// The same prompts several times, one after another.
  func repeated(_ count: Int) -> PreparedBatch {
    guard count > 1 else { return self }
    let rows = [[Int32]](
      repeating: Array(0..<Int32(reference.logits.rowCount)), count: count
    ).flatMap(\.self)
    return PreparedBatch(
      batch: batch.repeated(count), ablated: ablated.repeated(count),
      reference: ReferenceLogits(reference.logits.gatherRows(rows)), problem: problem,
      cache: cache?.repeated(count))
  }

  /// The same prompts, in which absent edges carry one row of writes at every token.
  func carrying(_ row: CompactWrites) -> PreparedBatch {
    let rows = [Int32](repeating: 0, count: batch.clean.tokens.count)
    return PreparedBatch(
      batch: batch, ablated: AblatedStream(row.map { $0.gatherRows(rows) }, model: problem.model),
      reference: reference, problem: problem, cache: cache)
  }

  /// A run with one mask for all prompts.
  func run(_ mask: EdgeMask) -> MaskedRun {
    MaskedRun(problem.model, batch: batch.clean, mask: mask, ablated: ablated, cache: cache)
  }

  /// A run with a mask for each prompt.
  func run(_ masks: [EdgeMask]) -> MaskedRun {
    MaskedRun(
      problem.model, batch: batch.clean, masks: RunMasks(masks, promptsOf: batch.clean),
      ablated: ablated, cache: cache)
  }
}

extension DiscoveryProblem {
  /// Bytes that all prompts take when they are prepared at once: what ablated edges carry, and the streams it adds up to.
  var preparedBytes: Int {
    let tokens = task.pairs.reduce(0) { $0 + $1.clean.count }
    let configuration = model.configuration
    let heads = configuration.headCount * configuration.dHead
    let stream = (2 + 3 * configuration.layerCount) * configuration.dModel
    return 4 * tokens * (stream + configuration.layerCount * heads)
  }
}

/// A prepared batch with the full model's run as a state, from which single edges are ablated.
struct IntactBatch {
  let prepared: PreparedBatch
  /// The full model's run as a state of the masked engine.
  let state: MaskedState
  private let metric: any Metric
  /// The outputs whose logits the metric reads; nil for all.
  private let outputs: [Int32]?

  /// - Complexity: A forward pass, and one more when ablated values are those of corrupted prompts.
  init(_ batch: PairBatch, of problem: DiscoveryProblem) {
    let cache = batch.cache(problem.model)
    let full = PlainRun(problem.model, batch: batch.clean, cache: cache).taped()
    prepared = PreparedBatch(batch, of: problem, cache, full.result)
    metric = problem.task.metric
    outputs = metric.readsAnswersOnly ? batch.outputs : nil
    state = MaskedState(
      intact: full, ablated: prepared.ablated, graph: problem.graph, model: problem.model)
  }

  /// The sum of the full model's metric over the batch's prompts.
  var fullMetric: Double {
    metric.values(
      ofRuns: prepared.reference.logits, of: prepared.batch, reference: prepared.reference)[0]
      .reduce(0, +)
  }

  /// The sum of the metric over the batch's prompts, for each trial.
  func metric(_ trials: ReaderTrials, _ columns: [[Float]]) -> [Double] {
    stride(from: 0, to: columns.count, by: trials.capacity).flatMap { first in
      let some = Array(columns[first..<min(first + trials.capacity, columns.count)])
      return metric.values(
        ofRuns: trials.logits(some, of: outputs), outputs: outputs, of: prepared.batch,
        reference: prepared.reference
      ).map { $0.reduce(0, +) }
    }
  }
}
