import Graphs
import Tensors

extension Transformer {
  /// Numbers that the tokens of a batch may take in a plain run, 256 MiB, and in a masked one, 448 MiB.
  ///
  /// Weights come on top, and as many numbers again for logits. More made no run on a processor faster that was
  /// measured; a device with more room gets so many times more.
  private static let (plainBudget, maskedBudget) = (64 << 20, 112 << 20)
  /// More tokens than this, times the device's room, make no product faster.
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
    limit(budget(Self.plainBudget), each: plainNumbers)
  }

  /// Whether all that a plain run with its gradients keeps of so many tokens is more than a batch may take.
  package func isLong(tokens: Int) -> Bool { tokens * plainNumbers > budget(Self.plainBudget) }

  /// How many tokens a piece of a prompt has that is so long that masked runs of it are in pieces; nil where it is run whole.
  package func pieceLength(of batch: TokenBatch) -> Int? {
    batch.promptCount == 1 && batch.tokens.count > mostInOnePiece
      ? maskedBatch(withGradients: false).tokens : nil
  }

  /// How many tokens of one prompt masked runs take at once.
  private var mostInOnePiece: Int {
    configuration.isCausal
      ? max(budget(Self.maskedBudget) / maskedNumbers(withGradients: false), 1) : .max
  }

  /// So many numbers, times the device's room, or a sixteenth of the weights' bytes where that is more.
  ///
  /// Runs of large models spend their time with reading weights, which is done once for a batch. It is never more than a
  /// half of what runs may take.
  private func budget(_ usual: Int) -> Int {
    let numbers = max(device.roominess * usual, weightBytes / 16)
    return memory.map { min(numbers, max($0 / 8, 1)) } ?? numbers
  }

  /// Bytes of the layers' weights, if all were of two bytes.
  private var weightBytes: Int {
    let heads = configuration.headCount * configuration.dHead
    let shared = configuration.keyValueHeadCount * configuration.dHead
    let inner = (configuration.mlp.isGated ? 3 : 2) * configuration.dMLP
    return 2 * configuration.layerCount * configuration.dModel * (2 * heads + 2 * shared + inner)
  }

  /// The limit for a masked run, with or without its gradients.
  package func maskedBatch(withGradients: Bool) -> BatchLimit {
    limit(budget(Self.maskedBudget), each: maskedNumbers(withGradients: withGradients))
  }

  /// Bytes that a batch of so many tokens and prompts takes at most to score edges, besides the weights.
  ///
  /// - Parameters:
  ///   - tokens: All tokens, which may be more than one batch holds.
  ///   - prompts: How many prompts they are.
  ///   - longest: Tokens of the longest prompt, which is run whole.
  ///   - isMasked: Whether runs are masked.
  ///   - isFrugal: Whether runs of prompts that are longer than a batch keep little.
  /// - Returns: Bytes.
  package func batchBytes(
    tokens: Int, prompts: Int, longest: Int, isMasked: Bool, isFrugal: Bool = false
  ) -> Int {
    let limit = isMasked ? maskedBatch(withGradients: true) : plainBatch
    let numbers = isMasked ? maskedNumbers(withGradients: true) : plainNumbers
    let logits = min(prompts, limit.prompts) * 4 * configuration.outputCount
    if isFrugal, isLong(tokens: longest) {
      return 4 * (max(budget(Self.plainBudget), longest * frugalNumbers) + logits)
    }
    return 4 * (min(tokens, max(limit.tokens, longest)) * numbers + logits)
  }

  /// Bytes that it takes at most to measure circuits on so many tokens and prompts, besides the weights.
  ///
  /// - Parameters:
  ///   - tokens: All tokens, which may be more than one batch holds.
  ///   - prompts: How many prompts they are.
  ///   - longest: Tokens of the longest prompt.
  /// - Returns: Bytes.
  package func measuringBytes(tokens: Int, prompts: Int, longest: Int) -> Int {
    let limit = maskedBatch(withGradients: false)
    let each = maskedNumbers(withGradients: false)
    // The clean run is kept beside the masked one.
    let whole = min(tokens, max(limit.tokens, min(longest, mostInOnePiece))) * (each + plainNumbers)
    let pieces = longest > mostInOnePiece ? longest * piecewiseNumbers + limit.tokens * each : 0
    return 4
      * (max(whole, pieces) + min(prompts, limit.prompts) * 4 * configuration.outputCount)
  }

  /// Numbers for each token of a plain run with its gradients and a second run's writes.
  private var plainNumbers: Int {
    let heads = configuration.headCount * configuration.dHead
    let shared = configuration.keyValueHeadCount * configuration.dHead
    let inner = (configuration.mlp.isGated ? 2 : 1) * configuration.dMLP
    let layer = 6 * configuration.dModel + 7 * heads + 2 * shared + inner
    return configuration.layerCount * layer + normNumbers
  }

  /// Numbers for each token of a run that keeps the stream before each layer, what writers change, and of some layers all.
  private var frugalNumbers: Int {
    let heads = configuration.headCount * configuration.dHead
    return configuration.layerCount * (3 * configuration.dModel + heads)
      + 4 * plainNumbers / configuration.layerCount
  }

  /// Numbers for each token of a prompt whose masked runs are in pieces: what ablated edges carry, and a key and a value
  /// for each head.
  private var piecewiseNumbers: Int {
    let heads = configuration.headCount * configuration.dHead
    return configuration.layerCount * (configuration.dModel + 3 * heads) + configuration.dModel
  }

  /// Numbers for each token that norms of queries, keys and writes keep.
  private var normNumbers: Int {
    let heads = configuration.headCount * configuration.dHead
    let shared = configuration.keyValueHeadCount * configuration.dHead
    return zip(weights.blocks, configuration.layers).reduce(0) { sum, layer in
      let (block, variant) = layer
      let keepsProducts = block.attention.queryNorm != nil || variant.inputLimit != nil
      return sum + (keepsProducts ? heads + 2 * shared : 0)
        + (block.attentionOutputNorm == nil ? 0 : heads + configuration.dModel)
        + (block.mlpOutputNorm == nil ? 0 : configuration.dModel)
    }
  }

  /// Numbers for each token of a masked run.
  private func maskedNumbers(withGradients: Bool) -> Int {
    let layerReaders = (graph.readerCount - 1) / graph.layerCount
    let blocks = 3 * graph.writerCount + (withGradients ? graph.readerCount * 2 : layerReaders * 2)
    return blocks * configuration.dModel + normNumbers
  }

  /// So many numbers for tokens, of which each takes some, and as many for prompts' logits and their gradients.
  private func limit(_ budget: Int, each numbers: Int) -> BatchLimit {
    BatchLimit(
      tokens: min(max(budget / numbers, 1), device.roominess * Self.enoughTokens),
      prompts: max(budget / (4 * configuration.outputCount), 1))
  }
}
