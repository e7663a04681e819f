/// The sizes and variants of one transformer.
public struct TransformerConfiguration: Sendable, Equatable {
  /// The layers, from the first on.
  public var layers: [LayerVariant]
  /// The heads of each layer.
  public var heads: HeadSizes
  /// The MLP of each layer.
  public var mlp: MLPVariant
  /// Whether layers have MLPs.
  ///
  /// In attention-only models the weights of an MLP that writes nothing stand in their place: graphs do not name them,
  /// masked runs do not compute them, and in plain runs their writes are zero.
  public var hasMLPs = true
  /// How residual streams are normalised before they are read.
  public var norm: NormVariant
  /// The width of the residual stream.
  public var dModel: Int
  /// How many tokens the model knows.
  public var vocabularySize: Int
  /// How many positions a prompt may have.
  public var contextLength: Int
  /// How many logits there are: one for each token, but for programs whose outputs are no tokens.
  public var outputCount: Int
  /// Whether an MLP reads the same stream as its layer's heads, as in GPT-NeoX.
  public var isParallel: Bool
  /// What token embeddings are multiplied by.
  public var embeddingScale: Float = 1
  /// What heads and MLPs write is multiplied by.
  public var residualScale: Float = 1
  /// What logits are multiplied by.
  public var logitScale: Float = 1
  /// Logits `x`, already multiplied, are kept within `cap · tanh(x / cap)`; nil for as they are.
  public var logitCap: Float?

  /// How many layers there are.
  public var layerCount: Int { layers.count }
  /// How many attention heads each layer has.
  public var headCount: Int { heads.count }
  /// How many keys and values each layer has.
  public var keyValueHeadCount: Int { heads.keyValueCount }
  /// The width of a head's queries, keys and values.
  public var dHead: Int { heads.width }
  /// The width inside of an MLP.
  public var dMLP: Int { mlp.width }
  /// Whether a token sees only itself and what comes before it, in every layer.
  public var isCausal: Bool { layers.allSatisfy(\.isCausal) }
  /// Whether positions are learned, and not told by turning queries and keys.
  public var hasLearnedPositions: Bool { layers.allSatisfy { $0.rotaryFrequencies == nil } }

  package init(
    layers: [LayerVariant], heads: HeadSizes, mlp: MLPVariant, norm: NormVariant, dModel: Int,
    vocabularySize: Int, contextLength: Int, outputCount: Int? = nil, isParallel: Bool = false
  ) {
    self.layers = layers
    self.heads = heads
    self.mlp = mlp
    self.norm = norm
    self.dModel = dModel
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
    self.outputCount = outputCount ?? vocabularySize
    self.isParallel = isParallel
  }
}
