public import Graphs
public import Engine
public import Tasks
import Tensors

/// What a method is asked: which edges of a model's graph matter for a task.
public struct DiscoveryProblem: Sendable {
  /// The model.
  public let model: Transformer
  /// The prompts and the metric.
  public let task: CircuitTask
  /// The edges that are scored.
  public let graph: ComputationGraph
  /// What an ablated edge carries.
  public var ablation: Ablation { ablationValues.ablation }
  /// The ablated values, with means over the whole task, when ``task`` is a part of it.
  package let ablationValues: AblationValues
  /// The prompts in batches for plain runs, like the others without what the prompts of a pair start with where
  /// that does not depend on masks.
  let plainBatches: Lazy<[PairBatch]>
  /// The prompts in batches for masked runs.
  let maskedBatches: Lazy<[PairBatch]>
  /// The prompts in batches for masked runs with gradients.
  private let allTrainingBatches: Lazy<[PairBatch]>

  /// States a problem.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - task: The prompts and the metric.
  ///   - graph: The model's graph, maybe with grouped keys and values; nil for one reader per head.
  ///   - ablation: What an ablated edge carries.
  public init(
    model: Transformer, task: CircuitTask, graph: ComputationGraph? = nil,
    ablation: Ablation = .resample
  ) {
    self.init(
      model: model, task: task, graph: graph ?? model.graph,
      ablationValues: AblationValues(ablation, task: task, model: model))
  }

  private init(
    model: Transformer, task: CircuitTask, graph: ComputationGraph, ablationValues: AblationValues
  ) {
    self.model = model
    self.task = task
    self.graph = graph
    self.ablationValues = ablationValues
    let batches = { @Sendable (limit: Transformer.BatchLimit) in
      task.batches(limit, sharesStarts: model.sharesStarts(under: ablationValues.ablation))
    }
    plainBatches = Lazy { batches(model.plainBatch) }
    maskedBatches = Lazy { batches(model.maskedBatch(withGradients: false)) }
    allTrainingBatches = Lazy { batches(model.maskedBatch(withGradients: true)) }
  }

  /// The prompts in batches for masked runs with gradients.
  ///
  /// - Parameters:
  ///   - count: The most prompts of a batch; nil for as many as memory allows.
  ///   - copies: How often each prompt of a batch is run at a time.
  ///   - sharesStarts: Whether to leave out what the prompts of a pair start with, where that depends on no mask.
  /// - Returns: All prompts, in order.
  func trainingBatches(
    of count: Int? = nil, copies: Int = 1, sharesStarts: Bool = true
  ) -> [PairBatch] {
    guard count != nil || copies > 1 || !sharesStarts else { return allTrainingBatches.value }
    let limit = model.maskedBatch(withGradients: true)
    return task.batches(
      Transformer.BatchLimit(
        tokens: limit.tokens / copies, prompts: min(limit.prompts / copies, count ?? .max)),
      sharesStarts: sharesStarts && model.sharesStarts(under: ablation))
  }

  /// The problem with other values on absent edges.
  func ablated(by ablation: Ablation) -> DiscoveryProblem {
    DiscoveryProblem(model: model, task: task, graph: graph, ablation: ablation)
  }

  /// The problem for some of the task's pairs; means are still those over all of them, taken once.
  public func restricted(to pairs: Range<Int>) -> DiscoveryProblem {
    DiscoveryProblem(
      model: model, task: task.restricted(to: pairs), graph: graph, ablationValues: ablationValues)
  }
}

extension DiscoveryProblem {
  /// The metric, which must have a gradient, and one that is not zero on the clean run if that is all.
  ///
  /// - Throws: ``MethodError/notDifferentiable(metric:)`` or ``MethodError/zeroGradient(metric:)``.
  @discardableResult
  func requireGradient(
    onCleanRun isCleanOnly: Bool = false
  ) throws(MethodError) -> any DifferentiableMetric {
    guard let metric = task.metric as? any DifferentiableMetric else {
      throw .notDifferentiable(metric: task.metric.name)
    }
    guard !(isCleanOnly && metric.needsReference) else {
      throw .zeroGradient(metric: metric.name)
    }
    return metric
  }

  /// Scores out of sums over prompts.
  ///
  /// - Parameters:
  ///   - sums: `[writers, readers]`.
  ///   - count: How many terms each sum has for every prompt.
  /// - Returns: Means over prompts.
  /// - Throws: ``MethodError/notFinite`` when a sum is infinite or NaN.
  func scores(_ sums: [Double], termsPerPrompt count: Int = 1) throws(MethodError) -> EdgeScores {
    let scores = sums.map { Float($0 / Double(task.pairs.count * count)) }
    guard scores.allSatisfy(\.isFinite) else { throw .notFinite }
    return EdgeScores(scores, graph: graph)
  }
}

/// A way to score every edge of a graph.
///
/// A new method of Edgewise is a file here and a line in ``DiscoveryMethods``; one of your own conforms and is asked for
/// scores like any other.
public protocol DiscoveryMethod: Sendable {
  /// The circuit that the method itself decides on; nil for a method that only ranks edges.
  var ownCircuit: CircuitSelection? { get }

  /// Finds out before any run whether the method can say anything about a problem.
  ///
  /// - Throws: ``MethodError`` when it cannot.
  func check(_ problem: DiscoveryProblem) throws(MethodError)

  /// Scores every edge, higher for what matters more: for most methods the rise of the loss when that edge
  /// alone is ablated, or its estimate.
  ///
  /// - Parameters:
  ///   - problem: The model, task, graph and ablation.
  ///   - run: Is told about progress, and keeps how far a long run has come.
  /// - Returns: A score for every edge of the problem's graph.
  /// - Throws: ``MethodError`` when the method cannot say anything about the problem.
  func scores(for problem: DiscoveryProblem, run: MethodRun) throws(MethodError) -> EdgeScores

  /// Scores every edge on several groups of prompts, on each as if the problem were restricted to it.
  ///
  /// By default one group after another; a method that can tell prompts apart in one run of all of them may
  /// do so here.
  ///
  /// - Parameters:
  ///   - problem: The problem of all prompts.
  ///   - groups: Which of the task's pairs belong together, none of them empty.
  ///   - run: Is told about progress.
  /// - Returns: For each group, a score for every edge of the problem's graph.
  /// - Throws: ``MethodError`` when the method cannot say anything about the problem.
  func promptScores(
    for problem: DiscoveryProblem, groups: [Range<Int>], run: MethodRun
  ) throws(MethodError) -> [EdgeScores]
}

extension DiscoveryMethod {
  /// Most methods only rank edges.
  public var ownCircuit: CircuitSelection? { nil }
  /// Most methods can say something about every problem.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {}

  /// Scores one group after another; how far it has come is not kept.
  public func promptScores(
    for problem: DiscoveryProblem, groups: [Range<Int>], run: MethodRun
  ) throws(MethodError) -> [EdgeScores] {
    var parts: [EdgeScores] = []
    for (index, group) in groups.enumerated() {
      run.progress(RunProgress("scoring prompts", done: index, total: groups.count))
      parts.append(try scores(for: problem.restricted(to: group), run: MethodRun()))
    }
    run.progress(RunProgress("scoring prompts", done: groups.count, total: groups.count))
    return parts
  }
}

/// Why a method cannot score a problem.
public enum MethodError: Error, Equatable, CustomStringConvertible {
  /// The metric has no gradient.
  case notDifferentiable(metric: String)
  /// The metric's gradient is zero at the clean run.
  case zeroGradient(metric: String)
  /// The prompts lack the answers that a metric needs.
  case missingAnswers(metric: String)
  /// The model has too few layers to drop one.
  case tooFewLayers(Int)
  /// The model has something that the method does not deal with.
  case unsupportedModel(String)
  /// A score is infinite or NaN.
  case notFinite
  /// The scores of a run are not at hand, or are those of another graph.
  case missingScores(String)
  /// A training's loss or gradient is infinite or NaN after some steps.
  case diverged(step: Int)
  /// A kept state is not of this method or does not fit the problem.
  case foreignState
  /// No method has this name.
  case unknownMethod(String, known: [String])
  /// A method has no such option.
  case unknownOption(String, of: String, known: [String])
  /// An option does not take this value.
  case badOption(String, of: String, expected: String, found: String)

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .notDifferentiable(let metric):
      "The metric \(metric) has no gradient: use logit-difference or probability-difference, or the methods exact and acdc."
    case .zeroGradient(let metric):
      """
      The metric \(metric) is at its best on the clean run, where its gradient is zero, so every edge \
      would score 0; use eap-ig, or logit-difference.
      """
    case .missingAnswers(let metric):
      "The metric \(metric) needs right and wrong answers, which not all prompts have: add them, or take another metric."
    case .tooFewLayers(let count):
      "Dropping layers one at a time takes a model of at least 2, and this one has \(count): use eap, or gim."
    case .unsupportedModel(let what):
      "This method does not support models with \(what): use eap, eap-ig or graddrop."
    case .notFinite:
      "The model's numbers overflow on these prompts, so no edge can be scored; check its weights."
    case .missingScores(let path):
      "\(path): expected scores for the edges of this model's graph; name a run of this model and grouping."
    case .diverged(let step):
      "The training's numbers overflow in step \(step + 1): lower its rate, or what masks cost."
    case .foreignState:
      "The state to resume from is not of this method and problem; start again without it."
    case .unknownMethod(let name, let known): known.sentence(kind: "method", missing: name)
    case .unknownOption(let name, let method, let known):
      known.isEmpty
        ? "The method \(method) has no options, found \"\(name)\"."
        : known.sentence(kind: "option of \(method)", missing: name)
    case .badOption(let name, let method, let expected, let found):
      "The option \(name) of \(method) should be \(expected), found \"\(found)\"."
    }
  }
}
