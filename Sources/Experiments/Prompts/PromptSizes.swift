package import Engine
import Foundation
import Reports
package import Tasks
import Tensors

extension CircuitTask {
  /// How many tokens the longest prompt has.
  var longest: Int { pairs.map(\.clean.count).max() ?? 0 }

  /// Bytes that the largest batch of the prompts takes at most to score edges, besides the weights.
  func batchBytes(of model: Transformer, isMasked: Bool, isFrugal: Bool = false) -> Int {
    model.batchBytes(
      tokens: pairs.reduce(0) { $0 + $1.clean.count }, prompts: pairs.count, longest: longest,
      isMasked: isMasked, isFrugal: isFrugal)
  }

  /// Bytes that it takes at most to measure circuits on the prompts, besides the weights.
  func measuringBytes(of model: Transformer) -> Int {
    model.measuringBytes(
      tokens: pairs.reduce(0) { $0 + $1.clean.count }, prompts: pairs.count, longest: longest)
  }

  /// Refuses a run that there is no memory for: whatever runs a task's prompts asks this before it starts.
  ///
  /// - Parameters:
  ///   - scoring: What the run takes beside the weights for more than measuring circuits on the prompts.
  ///   - model: The model, with where it is and what its runs may take.
  /// - Throws: ``ExperimentError``.
  package func requireMemory(_ scoring: Int = 0, for model: Transformer) throws {
    let bytes = max(scoring, measuringBytes(of: model))
    let available = model.device.availableMemory
    let there = min(available, model.memory ?? .max)
    guard bytes > there else { return }
    let place =
      there < available
      ? "--memory allows"
      : model.device == .cpu ? "this machine has" : "there are free on \(model.device)"
    throw ExperimentError(
      """
      \(name): the longest prompt has \(Numbers.count(longest)) tokens, and a run needs about \
      \(Numbers.count(((bytes - 1) >> 20) + 1)) MiB beside the weights, where \(place) \(Numbers.count(there >> 20)) MiB; take \
      fewer or shorter prompts.
      """)
  }

  /// What is to be said when a mean over prompts is of few of them at some positions; nil when it is not.
  func note(about ablation: Ablation) -> String? {
    guard case .positionalMean(let prompts) = ablation else { return nil }
    let least = 3
    let needed = prompts == .both ? (least + 1) / 2 : least
    // As many pairs as are needed reach as far as the shortest of the longest ones.
    let lengths = pairs.map(\.clean.count).sorted(by: >)
    let few = longest - (lengths.count < needed ? 0 : lengths[needed - 1])
    guard few > 0 else { return nil }
    return """
      note: at \(Numbers.count(few)) of \(Numbers.count(longest, "position")) the positional mean is of fewer than \
      \(least) prompts.
      """
  }
}
