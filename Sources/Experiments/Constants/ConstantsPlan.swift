import Engine
import Foundation
import Graphs
public import Methods
import Tasks
import Tensors

/// Constants to be learned that absent edges carry: an optimal ablation (arXiv 2409.09951).
public struct ConstantsPlan: Sendable {
  /// What is intact while constants are learned, in which model and on which prompts.
  public enum Intact: Sendable {
    /// The circuit of a run or file.
    case circuit(EvaluationPlan)
    /// Random circuits of all sizes, so that the constants suit any.
    case random(of: ModelReference, on: TaskPlan)
  }

  /// What is intact while constants are learned.
  public var intact: Intact
  /// The metric whose mean is raised.
  public var metric: TrainedMetric
  /// How many batches of prompts are run, one after another and again from the first.
  public var steps: Int
  /// How far Adam moves.
  public var learningRate: Double
  /// The most prompts of a batch; nil for as many as memory allows.
  public var promptCount: Int?
  /// Where runs are done, when circuits are random; nil for the processor.
  public var hardware: Hardware?

  /// Describes a training; by default for KL(full model ‖ circuit), see the properties.
  public init(
    _ intact: Intact, metric: TrainedMetric = .kl, steps: Int = 500, learningRate: Double = 0.01,
    promptCount: Int? = nil, hardware: Hardware? = nil
  ) {
    self.intact = intact
    self.metric = metric
    self.steps = steps
    self.learningRate = learningRate
    self.promptCount = promptCount
    self.hardware = hardware
  }

  /// Refuses numbers that no training has.
  ///
  /// - Throws: ``ExperimentError``.
  public func check() throws {
    guard (1...1_000_000).contains(steps) else {
      throw ExperimentError("The number of steps should be from 1 to 1000000, found \(steps).")
    }
    guard learningRate > 0, learningRate.isFinite else {
      throw ExperimentError("The rate should be a number of more than 0, found \(learningRate).")
    }
    guard promptCount ?? 1 > 0 else {
      throw ExperimentError("A batch should have 1 prompt or more, found \(promptCount ?? 0).")
    }
  }

  /// Learns the constants.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - place: Where the training keeps how far it has come; nil for nowhere.
  /// - Returns: The constants, and what they change.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener(), states place: ResumePlace? = nil
  ) throws -> ConstantsRun {
    try check()
    let prepared = try PreparedConstants(self, telling: listener)
    let state = try place.map {
      try ResumeState($0, run: prepared.identity, note: listener.note)
    }
    defer { state?.finish() }
    return try prepared.model.device.checked {
      try prepared.run(telling: listener, state: state)
    }
  }
}
