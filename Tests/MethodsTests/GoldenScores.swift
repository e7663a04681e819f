import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Expects a method to score the golden prompts of a family as the oracle did.
///
/// - Parameters:
///   - method: The method.
///   - metric: What is explained.
///   - name: The oracle's scores.
///   - family: The checkpoint.
///   - file: The file that has them.
///   - tolerance: How far a score may be off, as a share of the largest.
/// - Throws: When a fixture cannot be read, or what the method does.
func expectScores(
  _ method: some DiscoveryMethod, of metric: any Metric, equal name: String, _ family: String,
  in file: String = "golden", relative tolerance: Double = 1e-3
) throws {
  let golden = try GoldenModel(family)
  let problem = DiscoveryProblem(model: golden.model, task: try golden.task(metric))
  let scores = try method.scores(for: problem) { _ in }
  expectClose(
    scores.values.map(Double.init),
    try Golden(family, file).tensor(name).values().map(Double.init), relative: tolerance,
    "\(family) \(name)")
}
