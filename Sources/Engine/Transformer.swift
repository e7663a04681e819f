public import Graphs
public import Tensors

/// A language model: its configuration, weights and, when it came with one, tokenizer.
public struct Transformer: Sendable {
  /// Where the model came from, for people.
  public let name: String
  /// Sizes and variants.
  public let configuration: TransformerConfiguration
  /// Turns text into tokens; nil for a model that has none.
  public let tokenizer: (any Tokenizer)?
  package let weights: TransformerWeights

  package init(
    name: String, configuration: TransformerConfiguration, weights: TransformerWeights,
    tokenizer: (any Tokenizer)? = nil
  ) {
    self.name = name
    self.configuration = configuration
    self.weights = weights
    self.tokenizer = tokenizer
  }

  /// The model's graph, with a key and a value reader for every head.
  public var graph: ComputationGraph { configuration.graph() }

  /// The logits at some tokens of a batch, `[rows, vocabulary]`.
  ///
  /// - Parameters:
  ///   - batch: The prompts.
  ///   - rows: Places among the batch's tokens; nil for the batch's own.
  /// - Returns: Logits, `[row, vocabulary]`.
  /// - Complexity: One forward pass; the unembedding is computed at `rows` only.
  public func logits(_ batch: TokenBatch, rows: [Int32]? = nil) -> Tensor {
    PlainRun(self, batch: batch).forward(rows: rows).logits
  }

  /// The write of `input`: token plus position embedding, `[token, dModel]`.
  package func embed(_ batch: TokenBatch) -> Tensor {
    var input = weights.tokenEmbedding.gatherRows(batch.tokens)
    if let positions = weights.positionEmbedding {
      input.add(positions.gatherRows(batch.positions))
    }
    return input
  }

  /// How heads of this model attend inside a batch.
  ///
  /// - Parameters:
  ///   - batch: The prompts.
  ///   - keyValueHeadCount: How many keys and values there are; nil for the model's own.
  /// - Returns: Attention for the batch's prompts and positions.
  func attention(_ batch: TokenBatch, keyValueHeadCount: Int? = nil) -> HeadAttention {
    HeadAttention(
      attention: PromptAttention(
        starts: batch.starts, headCount: configuration.headCount,
        keyValueHeadCount: keyValueHeadCount ?? configuration.keyValueHeadCount,
        scale: configuration.attentionScale, isCausal: configuration.isCausal),
      positions: batch.positions,
      rotary: configuration.rotaryFrequencies.map {
        Rotary(frequencies: $0, positionCount: batch.longestPrompt)
      })
  }
}

extension Transformer {
  /// The tokens that are no special ones, ascending.
  package var ordinaryTokens: [Int32] {
    (0..<Int32(configuration.vocabularySize)).filter { !(tokenizer?.isSpecial($0) ?? false) }
  }
}
