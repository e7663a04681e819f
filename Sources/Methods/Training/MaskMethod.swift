import Engine
import Foundation
package import Graphs
import Tasks

/// A method that trains by a recipe.
package protocol TrainedMethod: DiscoveryMethod {
  /// How masks are trained.
  var recipe: MaskRecipe { get }
}

/// A method that trains a mask and scores edges by it.
package protocol MaskMethod: TrainedMethod {
  /// What a trained number says of how much its edges matter: higher for more.
  func score(_ number: Double) -> Double
}

extension CircuitSelection {
  /// What a trained mask more likely keeps than not, where scores are chances.
  static let likely = CircuitSelection(.threshold(0.5))
}

extension MaskMethod {
  /// By default a positive number that grows with the trained one, so that ranks by sign and by magnitude agree.
  package func score(_ number: Double) -> Double { softplus(number) }

  /// The training from its start.
  ///
  /// - Throws: ``MethodError`` when the metric has no gradient or lacks answers.
  package func training(
    for problem: DiscoveryProblem
  ) throws(MethodError) -> Training<MaskObjective> {
    Training(
      try MaskObjective(recipe, problem), steps: recipe.steps, seed: recipe.seed,
      schedule: recipe.schedule)
  }

  /// The scores of edges by trained numbers.
  package func scores(_ numbers: [Double], _ graph: ComputationGraph) -> EdgeScores {
    MaskMap(recipe.units, graph).scores(numbers.map { Float(score($0)) })
  }
}

extension TrainedMethod {
  /// Asks for a metric with a gradient.
  ///
  /// - Throws: ``MethodError``.
  public func check(_ problem: DiscoveryProblem) throws(MethodError) {
    _ = try recipe.metric.metric(for: problem)
  }
}

extension MaskMethod {
  /// Trains the mask and scores every edge by it.
  ///
  /// - Throws: ``MethodError`` when the metric has no gradient or the numbers overflow, and
  ///   ``MethodError/foreignState``.
  public func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    var training = try training(for: problem)
    try training.finish(run)
    training.attachments.forEach(run.attach)
    return scores(training.numbers[0], problem.graph)
  }
}

extension Training<MaskObjective> {
  /// What belongs beside the scores: the constants of absent edges, where they are trained.
  var attachments: [String: Data] {
    guard let constants = subject.constants, let row = numbers.last else { return [:] }
    do {
      return [LearnedConstants.fileName: try constants.file(row)]
    } catch { preconditionFailure("\(LearnedConstants.fileName): \(error)") }
  }
}
