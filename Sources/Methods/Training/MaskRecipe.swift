package import Graphs
import Tasks

/// How a mask is trained, whole: what masks are made of, what they are trained for, and how.
package struct MaskRecipe: Sendable {
  /// How masks are made of numbers.
  package var parametrisation: any MaskParametrisation
  /// What has a number of its own.
  package var units: MaskUnits
  /// What keeps the mask small.
  package var sparsity: Sparsity
  /// How numbers are moved.
  package var optimiser: Optimiser
  /// What masks are trained for; its loss is minus the metric.
  package var metric: TrainedMetric
  /// Whether the loss is divided by what full model and empty circuit differ by, so that one price suits all metrics.
  package var isNormalized: Bool
  /// How the rate changes.
  package var schedule: RateSchedule
  /// The longest gradient, to which longer ones are cut; nil for any length.
  package var longestGradient: Double?
  /// How many batches of prompts are run, one after another and again from the first.
  package var steps: Int
  /// The most prompts of a batch; nil for as many as memory allows.
  package var promptCount: Int?
  /// How many masks each prompt of a batch gets; 0 for one that all share.
  package var drawCount: Int
  /// Whether masks are drawn from trained numbers and not from those at the start.
  package var movesMasks: Bool
  /// Whether what absent edges carry is trained, too.
  package var learnsConstants: Bool
  /// Scores that numbers start from; nil to start alike.
  package var start: EdgeScores?
  /// Where random choices start.
  package var seed: UInt64

  package init(
    parametrisation: any MaskParametrisation, units: MaskUnits, sparsity: Sparsity,
    optimiser: Optimiser, metric: TrainedMetric = .task, isNormalized: Bool = false,
    schedule: RateSchedule = .constant, longestGradient: Double? = nil, steps: Int,
    promptCount: Int? = nil, drawCount: Int = 0, movesMasks: Bool = true,
    learnsConstants: Bool = false, start: EdgeScores? = nil, seed: UInt64
  ) {
    self.parametrisation = parametrisation
    self.units = units
    self.sparsity = sparsity
    self.optimiser = optimiser
    self.metric = metric
    self.isNormalized = isNormalized
    self.schedule = schedule
    self.longestGradient = longestGradient
    self.steps = steps
    self.promptCount = promptCount
    self.drawCount = drawCount
    self.movesMasks = movesMasks
    self.learnsConstants = learnsConstants
    self.start = start
    self.seed = seed
  }

  /// The prompts in batches of a step each.
  func batches(_ problem: DiscoveryProblem) -> [PairBatch] {
    problem.trainingBatches(of: promptCount, copies: max(drawCount, 1))
  }

  /// Bytes that a training holds beside a batch: all prompts prepared, numbers with their means, and for each mask of a
  /// step what it is drawn with, itself, and its gradient.
  func bytes(_ problem: DiscoveryProblem) -> Int {
    let graph = problem.graph
    let prompts = batches(problem).map(\.promptCount).max() ?? 1
    let masks = drawCount == 0 ? 1 : prompts * drawCount
    return problem.preparedBytes + 40 * graph.edgeCount
      + masks * (32 * graph.edgeCount + 16 * graph.writerCount * graph.readerCount)
  }

  /// Where numbers start; see ``MaskMap/start(at:by:)``.
  func startNumbers(_ map: MaskMap) -> [Double] { map.start(at: parametrisation.start, by: start) }
}
