public import Graphs
import Models
import Tasks
import Tensors

/// Edge attribution patching (EAP) and its integrated-gradients form (EAP-IG, inputs).
///
/// `score(w → r) = ⟨a_w − ã_w, ∂metric/∂read(r)⟩`, summed over positions and dModel, averaged over
/// prompts: to first order, how much the loss rises when the edge is ablated. EAP (arXiv 2310.10348)
/// takes the gradient on the clean run. EAP-IG (arXiv 2403.17806) averages it over runs whose input
/// lies on the way from the ablated to the clean one, `ã_input + α · (a_input − ã_input)`.
///
/// Cost: EAP two forward passes and one backward pass for all edges; EAP-IG two forward passes and
/// one forward and one backward pass for each point. Memory besides the weights: compact values and logits
/// of one batch, up to 1 GiB or one prompt; for each thread a tile of expanded writers, 32 MiB or 8
/// tokens' worth, one layer's readers for it, and a matrix `[writers, readers]`; one such in Float64.
public struct AttributionPatching: DiscoveryMethod {
  /// The α at which gradients are taken.
  public let points: [Double]

  /// Edge attribution patching: the gradient of the clean run alone.
  public static let plain = AttributionPatching(points: [1])

  /// The mean of the gradients of the clean run and of the one whose input is ablated (clean-corrupted of
  /// the EAP-IG package).
  public static let cleanAndCorrupted = AttributionPatching(points: [1, 0])

  /// How the points of an integral lie in its steps.
  public enum Rule: String, Sendable, CaseIterable {
    /// `k / steps` for k = 0 … steps − 1, as the published code for edges.
    case left
    /// `k / steps` for k = 1 … steps.
    case right
    /// `(k + ½) / steps` for k = 0 … steps − 1, of one order more exact.
    case midpoint

    func points(_ steps: Int) -> [Double] {
      let shift: Double =
        switch self {
        case .left: 0
        case .right: 1
        case .midpoint: 0.5
        }
      return (0..<steps).map { (Double($0) + shift) / Double(steps) }
    }
  }

  /// EAP-IG with inputs between the ablated and the clean one.
  ///
  /// - Parameters:
  ///   - steps: How many points, at least 1.
  ///   - rule: Where they lie.
  /// - Returns: The method.
  public static func integrated(steps: Int = 5, rule: Rule = .left) -> AttributionPatching {
    precondition(steps > 0, "\(steps) steps")
    return AttributionPatching(points: rule.points(steps))
  }

  /// Asks for a metric with a gradient, and one that is not zero at the only point.
  ///
  /// - Throws: ``MethodError``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {
    try problem.requireGradient(onCleanRun: points == [1])
  }

  /// Scores every edge.
  ///
  /// - Throws: ``MethodError`` when the metric has no gradient, or none at the only point.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    try check(problem)
    let values = AblationValues(
      problem.ablation, task: problem.ablationTask, model: problem.model)
    let batches = problem.task.batches(problem.model.plainBatch)
    var sums = [Double](repeating: 0, count: problem.graph.writerCount * problem.graph.readerCount)
    for (index, batch) in batches.enumerated() {
      run.progress(RunProgress("scoring edges", done: index, total: batches.count))
      add(batch, problem, values, to: &sums)
    }
    run.progress(RunProgress("scoring edges", done: batches.count, total: batches.count))
    return try problem.scores(sums, termsPerPrompt: points.count)
  }

  /// Adds the contractions of one batch at every point.
  private func add(
    _ batch: PairBatch, _ problem: DiscoveryProblem, _ values: AblationValues,
    to sums: inout [Double]
  ) {
    let ablated = values.writes(for: batch)
    let run = PlainRun(problem.model, batch: batch.clean)
    let clean = run.forward(keepsTape: points.contains(1))
    let difference = clean.writes - ablated
    let reference = ReferenceLogits(clean.logits)
    for point in points {
      let result =
        point == 1 && clean.tape != nil
        ? clean
        : run.forward(
          given: .input(ablated.input.moved(by: Float(point), along: difference.input)),
          keepsTape: true)
      guard let tape = result.tape else { continue }
      let gradient = problem.task.metric.measure(
        result.logits, of: batch, reference: reference
      ).gradient
      run.contract(
        difference, with: run.backward(gradient, tape), graph: problem.graph, into: &sums)
    }
  }
}

extension Tensor {
  /// This tensor plus `share · direction`.
  func moved(by share: Float, along direction: Tensor) -> Tensor {
    var copy = self
    copy.add(direction, scaledBy: share)
    return copy
  }
}
