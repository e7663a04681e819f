import Graphs

extension Transformer {
  /// Numbers that a batch may hold besides the weights: 1 GiB.
  private static let budget = 256 << 20
  /// More tokens than this make no product faster.
  private static let enoughTokens = 512

  /// How large a batch may be.
  package struct BatchLimit: Sendable {
    package let tokens: Int
    package let prompts: Int

    package init(tokens: Int, prompts: Int = .max) {
      self.tokens = tokens
      self.prompts = prompts
    }
  }

  /// The limit for a plain run with its gradients and a second run's writes.
  package var plainBatch: BatchLimit {
    let heads = configuration.headCount * configuration.dHead
    let shared = configuration.keyValueHeadCount * configuration.dHead
    let inner = (configuration.isGated ? 2 : 1) * configuration.dMLP
    let layer = 6 * configuration.dModel + 7 * heads + 2 * shared + inner
    return limit(holding: configuration.layerCount * layer)
  }

  /// The limit for a masked run, with or without its gradients.
  package func maskedBatch(withGradients: Bool) -> BatchLimit {
    let layerReaders = (graph.readerCount - 1) / graph.layerCount
    let blocks = 3 * graph.writerCount + (withGradients ? graph.readerCount * 2 : layerReaders * 2)
    return limit(holding: blocks * configuration.dModel)
  }

  /// Half of the budget for what each token takes, half for a prompt's logits and their gradients.
  private func limit(holding numbers: Int) -> BatchLimit {
    BatchLimit(
      tokens: min(max(Self.budget / 2 / numbers, 1), Self.enoughTokens),
      prompts: max(Self.budget / 2 / (4 * configuration.outputCount), 1))
  }
}
