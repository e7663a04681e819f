public import Graphs

/// How a mask is trained: what all ways to train one have in common.
public struct TrainingSettings: Sendable, Equatable {
  /// How many batches of prompts are run, one after another and again from the first.
  public var steps: Int
  /// How far the optimiser moves.
  public var learningRate: Double
  /// What keeping everything costs; of subnetwork probing in units of what full model and empty circuit differ by.
  public var sparsity: Double
  /// Where the random choices start.
  public var seed: UInt64
  /// What the mask is trained for.
  public var metric: TrainedMetric
  /// The most prompts of a batch; nil for as many as memory allows.
  public var promptCount: Int?
  /// Scores that the mask starts from; nil to start alike.
  public var start: EdgeScores?

  /// Settings with the learning rate of auto-circuit's subnetwork probing.
  public init(
    steps: Int = 300, learningRate: Double = 0.1, sparsity: Double = 1, seed: UInt64 = 0,
    metric: TrainedMetric = .task, promptCount: Int? = nil, start: EdgeScores? = nil
  ) {
    self.steps = steps
    self.learningRate = learningRate
    self.sparsity = sparsity
    self.seed = seed
    self.metric = metric
    self.promptCount = promptCount
    self.start = start
  }
}
