import Foundation
import Graphs
import Tasks

/// The options that methods which train a mask have in common, with what each method takes when nothing is said.
struct MaskOptions: Sendable {
  let steps: MethodOption<Int>
  let rate: MethodOption<Double>
  let loss: MethodOption<TrainedMetric>
  let prompts: MethodOption<Int>
  /// Where the numbers start.
  static let start = MethodOption.file(
    MethodOptions.startName, "a run or file of scores: the mask starts from its ranks")

  /// - Parameters:
  ///   - steps: How many steps there are.
  ///   - rate: How far each moves.
  ///   - loss: What is trained for.
  ///   - prompts: The most prompts of a batch; 0 for as many as memory allows.
  init(steps: Int, rate: Double, loss: TrainedMetric, prompts: Int) {
    self.steps = .count(
      "steps", "how many batches of prompts are run to train the mask", standard: steps)
    self.rate = .number("rate", "how far each step moves", standard: rate, canBeZero: false)
    self.loss = .choice("loss", "the metric that the mask is trained for", standard: loss)
    self.prompts = .count(
      "prompts", "prompts of a batch; 0 for as many as memory allows", standard: prompts,
      in: 0...100_000)
  }

  /// All of them.
  var all: [any MethodOptionDescription] { [steps, rate, loss, prompts, Self.start] }

  /// The most prompts of a batch; nil for as many as memory allows.
  func promptCount(_ options: MethodOptions) -> Int? {
    options[prompts] == 0 ? nil : options[prompts]
  }

  /// What was set.
  func settings(_ options: MethodOptions, sparsity: Double = 0) -> TrainingSettings {
    TrainingSettings(
      steps: options[steps], learningRate: options[rate], sparsity: sparsity, seed: options.seed,
      metric: options[loss], promptCount: promptCount(options), start: options.start)
  }
}

extension MethodEntry {
  /// Describes a method that trains a mask.
  ///
  /// - Parameters:
  ///   - name: The name on the command line and in files.
  ///   - summary: What it is.
  ///   - paper: An arXiv id.
  ///   - shared: The options that such methods have in common.
  ///   - options: Its own options.
  ///   - scoresEffects: See the property of that name.
  ///   - make: Makes the method from what the user has set.
  /// - Returns: The entry.
  static func training(
    _ name: String, _ summary: String, paper: String, _ shared: MaskOptions,
    options: [any MethodOptionDescription], scoresEffects: Bool = true,
    make: @escaping @Sendable (MethodOptions, MaskOptions) -> some TrainedMethod
  ) -> MethodEntry {
    MethodEntry(
      name: name, summary: summary, paper: paper,
      cost: "1 forward, 1 backward over a batch for each step",
      options: shared.all + options, isMasked: true,
      scoresEffects: scoresEffects,
      bytes: { options, problem in make(options, shared).recipe.bytes(problem) },
      passes: { options, problem in
        let recipe = make(options, shared).recipe
        let share =
          Double(recipe.steps * max(recipe.drawCount, 1))
          / Double(recipe.batches(problem).count)
        return PassCount(forward: 2 + share, backward: share)
      },
      make: { make($0, shared) })
  }
}
