public import Tensors

/// A language model: its configuration, weights and, when it came with one, tokenizer.
public struct Transformer: Sendable {
  /// Where the model came from, for people.
  public let name: String
  /// Sizes and variants.
  public let configuration: TransformerConfiguration
  /// Turns text into tokens; nil for a model that has none.
  public let tokenizer: (any Tokenizer)?
  /// Why there is no tokenizer although the model's files have one; nil otherwise.
  public let tokenizerProblem: String?
  /// What a reader of results should know of how the files were understood, in one sentence each.
  public let notes: [String]
  /// Bytes that runs may take beside the weights; nil for as many as make them fast.
  public var memory: Int?
  package let weights: TransformerWeights
  /// Matrices that have not been looked at, under their checkpoint's names.
  private let matrices: [(name: String, matrix: Tensor)]

  package init(
    name: String, configuration: TransformerConfiguration, weights: TransformerWeights,
    tokenizer: (any Tokenizer)? = nil, tokenizerProblem: String? = nil, notes: [String] = [],
    matrices: [(name: String, matrix: Tensor)] = []
  ) {
    self.tokenizerProblem = tokenizerProblem
    self.notes = notes
    self.name = name
    self.configuration = configuration
    self.weights = weights
    self.tokenizer = tokenizer
    self.matrices = matrices
  }

  /// The name of the first stored matrix that holds an infinity or NaN; nil when all are finite.
  ///
  /// Loading does not read matrices, so this is what a run that ended in such numbers asks.
  ///
  /// - Complexity: Reads all of them.
  public var brokenMatrix: String? { matrices.first { !$0.matrix.isFinite }?.name }

  /// Where the weights lie, and so where runs are done.
  public var device: Device { weights.tokenEmbedding.device }

  /// The same model with its weights on another device, as they are stored.
  ///
  /// - Parameter device: Where runs should be done.
  /// - Returns: The model over there; every matrix is read for it.
  /// - Throws: What went wrong on a card, such as memory that does not suffice.
  public func moved(to device: Device) throws -> Transformer {
    guard device != self.device else { return self }
    var move = Tensor.Move(to: device)
    let copy = with(weights.map { move($0) })
    try device.check()
    return copy
  }

  /// The same model with other weights of the same shapes.
  func with(_ weights: TransformerWeights) -> Transformer {
    var copy = Transformer(
      name: name, configuration: configuration, weights: weights, tokenizer: tokenizer,
      tokenizerProblem: tokenizerProblem, notes: notes, matrices: matrices)
    copy.memory = memory
    return copy
  }

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
    if configuration.embeddingScale != 1 { input.scale(by: configuration.embeddingScale) }
    if let positions = weights.positionEmbedding {
      input.add(positions.gatherRows(batch.positions))
    }
    return input
  }
}

extension Transformer {
  /// The tokens that are no special ones, ascending.
  package var ordinaryTokens: [Int32] {
    (0..<Int32(configuration.vocabularySize)).filter { !(tokenizer?.isSpecial($0) ?? false) }
  }
}
