import Engine
import Graphs
import Tasks
import Tensors

/// The runs of one batch on the way from ablated to clean.
struct PathRuns: ScoreTerms {
  private let problem: DiscoveryProblem
  private let metric: any DifferentiableMetric
  private let method: AttributionPatching
  private let batch: PairBatch
  let run: PlainRun
  /// The clean run, where gradients are taken of it or runs start from it.
  private let clean: PlainRun.TapedResult?
  let ablated: CompactWrites
  private let difference: CompactWrites
  /// What `input` writes in the clean run.
  let cleanInput: Tensor
  private let reference: ReferenceLogits

  init(
    _ method: AttributionPatching, _ batch: PairBatch, _ problem: DiscoveryProblem,
    _ metric: any DifferentiableMetric
  ) {
    self.problem = problem
    self.metric = metric
    self.batch = batch
    self.method = method
    let cache = batch.cache(problem.model)
    ablated = problem.ablationValues.writes(for: batch, cache: cache, isMeasuredOnly: true)
    run = PlainRun(
      problem.model, batch: batch.clean, cache: cache, rules: method.rules,
      isMeasuredOnly: method.readsMeasuredOnly)
    clean = method.goesThroughClean ? run.taped() : nil
    let result = clean?.result ?? run.forward()
    difference = result.writes - ablated
    cleanInput = result.writes.input
    reference = ReferenceLogits(result.logits)
  }

  var tokens: [Range<Int>] { batch.clean.prompts }

  func contract(
    module: Int, _ segments: [[Range<Int>]], add: (_ segment: Int, _ terms: Tensor) -> Void
  ) {
    switch method.terms {
    case .differences:
      contract(method.points, segments, add: add) { gradients(module: module, at: $0) }
    case .increments(let side):
      contractIncrements(side, at: method.points, segments, add: add)
    case .steered(let steps, let outputs):
      contractSteered(steps: steps, by: outputs, segments, add: add)
    case .ownPoints(let alpha):
      let alphas = zip(tokens, batch.pairs).flatMap { tokens, pair in
        [Float](repeating: Float(alpha(pair)), count: tokens.count)
      }
      var input = ablated.input
      input.add(difference.input.scaledRows(by: alphas))
      contract(
        difference, with: [gradients(run.taped(given: .input(input)))], segments, add: add)
    }
  }

  /// Hands out the products of what writers change from ablated to clean and the gradients at several points.
  ///
  /// - Parameters:
  ///   - points: Where gradients are taken.
  ///   - segments: Ranges of tokens whose terms belong together.
  ///   - add: Is given the place of a segment and terms `[writers, readers]` of its sum, in order.
  ///   - gradients: The gradients at a point; is asked for each of them, in order.
  func contract(
    _ points: [Double], _ segments: [[Range<Int>]],
    add: (_ segment: Int, _ terms: Tensor) -> Void, gradients: (Double) -> ReaderGradients
  ) {
    // A device with room holds the gradients of several points, and writers are multiplied by their sum once.
    let together = min(problem.model.device.roominess, Self.mostTogether)
    for first in stride(from: 0, to: points.count, by: together) {
      let some = points[first..<min(first + together, points.count)]
      contract(difference, with: some.map(gradients), segments, add: add)
    }
  }

  /// Hands out the products of what writers change and gradients at readers.
  func contract(
    _ difference: CompactWrites, with gradients: [ReaderGradients], _ segments: [[Range<Int>]],
    add: (_ segment: Int, _ terms: Tensor) -> Void
  ) {
    run.contract(
      difference, with: gradients, graph: problem.graph, segments: segments, add: add)
  }

  private static let mostTogether = 5

  /// The gradients of the run whose module is given a write at a point.
  private func gradients(module: Int, at point: Double) -> ReaderGradients {
    guard method.path == .modules else { return gradients(taped(at: point)) }
    let given = given(module, Float(point))
    return gradients(run.taped(given: given, from: clean), given: given)
  }

  /// The run whose input lies somewhere between ablated and clean.
  func taped(at point: Double) -> PlainRun.TapedResult {
    // With the clean input the run is the clean one.
    point == 1 ? clean ?? run.taped() : run.taped(given: given(0, Float(point)))
  }

  /// The gradients of a run, through all but the write that it was given.
  ///
  /// - Parameters:
  ///   - result: The run.
  ///   - given: The write that it was given instead of computing it.
  ///   - rows: The tokens whose logits it has; nil for those that the metric reads.
  /// - Returns: The gradients at all readers.
  func gradients(
    _ result: PlainRun.TapedResult, given: PlainRun.GivenWrite? = nil, among rows: [Int32]? = nil
  ) -> ReaderGradients {
    let read = rows == nil ? result.logits : result.logits.gatherRows(run.batch.rows)
    var gradient = metric.measure(read, of: batch, reference: reference).gradient
    if rows != nil {
      let own = gradient
      gradient = Tensor(zeros: result.logits.shape, on: own.device)
      gradient.scatterAdd(own, to: run.batch.rows)
    }
    return run.backward(gradient, result.tape, given: given)
  }

  /// The write of a module, counted as writers are, somewhere between ablated and clean.
  private func given(_ module: Int, _ point: Float) -> PlainRun.GivenWrite {
    guard module > 0 else {
      return .input(ablated.input.moved(by: point, along: difference.input))
    }
    let (layer, place) = (module - 1).quotientAndRemainder(
      dividingBy: problem.graph.layerModuleCount)
    return place == 1
      ? .mlp(ablated.mlps[layer].moved(by: point, along: difference.mlps[layer]), layer: layer)
      : .heads(ablated.heads[layer].moved(by: point, along: difference.heads[layer]), layer: layer)
  }
}

extension Tensor {
  /// This tensor plus `share · direction`.
  fileprivate func moved(by share: Float, along direction: Tensor) -> Tensor {
    var copy = self
    copy.add(direction, scaledBy: share)
    return copy
  }
}
