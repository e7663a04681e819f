import Engine
public import Graphs
import Tasks
import Tensors

/// Edge attribution patching (EAP) and its integrated-gradients forms (EAP-IG, of inputs and activations).
///
/// `score(w → r) = ⟨a_w − ã_w, ∂metric/∂read(r)⟩`, summed over positions and dModel, averaged over
/// prompts: to first order, how much the loss rises when the edge is ablated. EAP (arXiv 2310.10348)
/// takes the gradient on the clean run. EAP-IG (arXiv 2403.17806) averages it over runs whose input
/// lies on the way from the ablated to the clean one, `ã_input + α · (a_input − ã_input)`; or, of activations
/// (as in arXiv 2504.13151), over runs in which one module by itself is given such a write: `input`, the
/// heads of one layer together, or one MLP.
///
/// Cost: EAP two forward passes and one backward pass for all edges; EAP-IG two forward passes and for each
/// point, of activations also for each module, a backward pass and what lies above the module of a forward
/// pass. Memory besides the weights: compact values and logits
/// of one batch, up to 512 MiB or one prompt; for each thread a tile of expanded writers, 16 MiB or 8
/// tokens' worth, as much for some layers' readers, and a matrix `[writers, readers]`; one such in Float64.
public struct AttributionPatching: DiscoveryMethod {
  /// The α at which gradients are taken of every prompt.
  public let points: [Double]
  /// What is moved from ablated to clean.
  public let path: Path
  /// What is multiplied and added up.
  let terms: Terms
  /// How gradients pass.
  let rules: BackwardRules

  /// What is moved from ablated to clean.
  public enum Path: Sendable {
    /// The input.
    case input
    /// Every module's write, one module at a time.
    case modules
  }

  /// What is multiplied and added up.
  enum Terms: Sendable {
    /// What each writer changes from ablated to clean, and the mean gradient of all points.
    case differences
    /// What each writer changes from one point to the next, and the gradient at a side of that.
    case increments(Side)
    /// What each writer changes from ablated to clean, and the gradient at a point of each prompt's own.
    case ownPoints(@Sendable (PromptPair) -> Double)
    /// What each writer changes from ablated to clean, and the mean gradient along a path of each prompt's own.
    case steered(steps: Int, by: PathOutputs)
  }

  init(
    points: [Double], path: Path = .input, terms: Terms = .differences,
    rules: BackwardRules = .exact
  ) {
    self.points = points
    self.path = path
    self.terms = terms
    self.rules = rules
  }

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

  /// EAP-IG along a path from the ablated to the clean values.
  ///
  /// - Parameters:
  ///   - path: What is moved.
  ///   - steps: How many points, at least 1.
  ///   - rule: Where they lie; nil for where the published code has them: left for inputs, right for modules.
  /// - Returns: The method.
  public static func integrated(
    along path: Path = .input, steps: Int = 5, rule: Rule? = nil
  ) -> AttributionPatching {
    precondition(steps > 0, "\(steps) steps")
    let rule = rule ?? (path == .input ? .left : .right)
    return AttributionPatching(points: rule.points(steps), path: path)
  }

  /// Asks for a metric with a gradient, and one that is not zero at the only point.
  ///
  /// - Throws: ``MethodError``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {
    try requireGradient(problem)
  }

  @discardableResult
  func requireGradient(
    _ problem: DiscoveryProblem
  ) throws(MethodError) -> any DifferentiableMetric {
    try problem.requireGradient(onCleanRun: points == [1])
  }

  /// How far a run has come: some batches, and some modules of the next one.
  private struct State: Codable {
    var sums: Sums
    var batch = 0
    var module = 0
  }

  /// Scores every edge.
  ///
  /// - Throws: ``MethodError`` when the metric has no gradient, or none at the only point, and
  ///   ``MethodError/foreignState``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    let metric = try requireGradient(problem)
    let batches = batches(problem)
    let moduleCount = moduleCount(problem.graph)
    let size = problem.graph.writerCount * problem.graph.readerCount
    var state =
      try run.restored(State.self) {
        $0.sums.count == size && $0.sums.values().allSatisfy(\.isFinite)
          && (0...batches.count).contains($0.batch) && (0..<moduleCount).contains($0.module)
      } ?? State(sums: Sums(count: size))
    let total = batches.count * moduleCount
    while state.batch < batches.count {
      let runs = runs(batches[state.batch], problem, metric)
      while state.module < moduleCount {
        run.progress(
          RunProgress(
            "scoring edges", done: state.batch * moduleCount + state.module, total: total))
        run.keep(state)
        runs.contract(module: state.module, [runs.tokens]) { state.sums.add($1) }
        state.module += 1
      }
      (state.batch, state.module) = (state.batch + 1, 0)
    }
    run.progress(RunProgress("scoring edges", done: total, total: total))
    return try problem.scores(state.sums.values(), termsPerPrompt: termCount(problem.graph))
  }

  /// How many modules are moved, one at a time.
  func moduleCount(_ graph: ComputationGraph) -> Int {
    path == .input ? 1 : graph.layerCount * graph.layerModuleCount + 1
  }

  /// Whether gradients are taken of the clean run, or runs start from it or end in it.
  var goesThroughClean: Bool {
    if case .increments = terms { true } else { path == .modules || points.contains(1) }
  }

  /// Whether logits are read where the metric reads them, and nowhere else.
  var readsMeasuredOnly: Bool { if case .steered(_, .all) = terms { false } else { true } }

  /// The prompts in batches, without what those of a pair start with unless that is moved too.
  func batches(_ problem: DiscoveryProblem) -> [PairBatch] {
    guard case .steered = terms else { return problem.plainBatches.value }
    return problem.task.batches(problem.model.plainBatch)
  }

  /// Of how many terms a prompt's score is the mean.
  func termCount(_ graph: ComputationGraph) -> Int {
    switch terms {
    case .differences: points.count * moduleCount(graph)
    case .steered(let steps, _): steps
    case .increments, .ownPoints: 1
    }
  }

  /// Scores groups of prompts in one run of all of them; how far it has come is not kept.
  ///
  /// - Throws: ``MethodError`` when the metric has no gradient, or none at the only point.
  public func promptScores(
    for problem: DiscoveryProblem, groups: [Range<Int>], run: MethodRun
  ) throws(MethodError) -> [EdgeScores] {
    let metric = try requireGradient(problem)
    let batches = batches(problem)
    let moduleCount = moduleCount(problem.graph)
    let size = problem.graph.writerCount * problem.graph.readerCount
    var open = [Sums?](repeating: nil, count: groups.count)
    var scores = [EdgeScores?](repeating: nil, count: groups.count)
    var first = 0
    for (index, batch) in batches.enumerated() {
      run.progress(RunProgress("scoring prompts", done: index, total: batches.count))
      let runs = runs(batch, problem, metric)
      let end = first + batch.promptCount
      let members = groups.indices.filter { groups[$0].overlaps(first..<end) }
      let segments = members.map { group in
        groups[group].clamped(to: first..<end).map { runs.tokens[$0 - first] }
      }
      for member in members where open[member] == nil { open[member] = Sums(count: size) }
      for module in 0..<moduleCount {
        runs.contract(module: module, segments) { open[members[$0]]?.add($1) }
      }
      for member in members where groups[member].upperBound <= end {
        // A group's numbers are let go as soon as its last prompt was seen.
        let sums = open[member].take()?.values() ?? []
        scores[member] = try problem.restricted(to: groups[member]).scores(
          sums, termsPerPrompt: termCount(problem.graph))
      }
      first = end
    }
    run.progress(RunProgress("scoring prompts", done: batches.count, total: batches.count))
    return scores.compactMap(\.self)
  }
}

extension ComputationGraph {
  /// How many modules a layer has: its heads, and its MLP where there are any.
  var layerModuleCount: Int { hasMLPs ? 2 : 1 }
}
