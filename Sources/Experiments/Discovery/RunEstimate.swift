import Graphs
public import Methods
import Reports

/// What a discovery will take, told before it starts.
public struct RunEstimate: Sendable {
  /// Passes over the prompts.
  public let passes: PassCount
  /// Seconds that scoring takes, from the time of one forward pass; tests of single edges take less.
  public let seconds: Double
  /// Bytes that a batch and the scores take, besides the weights.
  public let bytes: Int

  /// More than this many seconds is worth a warning: an hour.
  private static let long = 3600.0

  /// One line for people.
  public var line: String {
    """
    \(Numbers.count(Int(passes.forward.rounded(.up)), "forward pass", "forward passes")), \
    \(Numbers.count(Int(passes.backward.rounded(.up)), "backward pass", "backward passes")) over the prompts to score edges: about \
    \(Numbers.duration(seconds)), measuring circuits not counted, and \(Numbers.count(bytes >> 20)) MiB beside the weights
    """
  }

  /// What is to be said of a run that takes very long; nil for others.
  public var warning: String? {
    guard seconds > Self.long else { return nil }
    return """
      warning: this may take \(Numbers.duration(seconds)). Fewer prompts (--count) shorten it; eap-ig finds most \
      circuits in seconds, and exact:among=RUN patches only the edges of its circuit. With --output an interrupted \
      run goes on with --resume.
      """
  }
}

extension RunEstimate {
  /// What several runs take one after another.
  init(sumOf runs: [RunEstimate]) {
    self.init(
      passes: PassCount(
        forward: runs.reduce(0) { $0 + $1.passes.forward },
        backward: runs.reduce(0) { $0 + $1.passes.backward }),
      seconds: runs.reduce(0) { $0 + $1.seconds }, bytes: runs.map(\.bytes).max() ?? 0)
  }
}

extension DiscoveryProblem {
  /// Bytes that a method takes besides the weights: a batch, the scores, and what it holds itself.
  func bytes(scoredBy entry: MethodEntry, _ options: MethodOptions) -> Int {
    let method = entry.make(options)
    let batch = task.batchBytes(
      of: model, isMasked: entry.isMasked,
      isFrugal: (method as? AttributionPatching)?.canBeFrugal ?? false)
    return batch + 16 * graph.writerCount * graph.readerCount + entry.bytes(options, self)
  }

  /// Refuses a method that there is no memory for.
  ///
  /// - Throws: ``ExperimentError``.
  func requireMemory(scoredBy entry: MethodEntry, _ options: MethodOptions) throws {
    try task.requireMemory(bytes(scoredBy: entry, options), for: model)
  }
}
