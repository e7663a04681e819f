import Graphs

extension Transformer {
  /// Numbers that a batch may hold besides the weights: 512 MiB.
  private static let budget = 128 << 20
  /// More tokens than this make no product faster.
  private static let enoughTokens = 512

  /// Tokens of a batch for a plain run with its gradients and a second run's writes.
  package var plainBatchTokens: Int {
    let heads = configuration.headCount * configuration.dHead
    let shared = configuration.keyValueHeadCount * configuration.dHead
    let inner = (configuration.isGated ? 2 : 1) * configuration.dMLP
    let layer = 6 * configuration.dModel + 7 * heads + 2 * shared + inner
    return tokens(holding: configuration.layerCount * layer)
  }

  /// Tokens of a batch for a masked run, with or without its gradients.
  package func maskedBatchTokens(withGradients: Bool) -> Int {
    let layerReaders = (graph.readerCount - 1) / graph.layerCount
    let blocks = 3 * graph.writerCount + (withGradients ? graph.readerCount * 2 : layerReaders * 2)
    return tokens(holding: blocks * configuration.dModel)
  }

  private func tokens(holding numbers: Int) -> Int {
    min(max(Self.budget / numbers, 1), Self.enoughTokens)
  }
}
