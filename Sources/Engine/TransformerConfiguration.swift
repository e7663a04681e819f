public import Graphs
public import Tensors

/// The sizes and variants of one transformer.
public struct TransformerConfiguration: Sendable, Equatable {
  /// The layers, from the first on.
  public var layers: [LayerVariant]
  /// How many layers there are.
  public var layerCount: Int { layers.count }
  /// How many attention heads each layer has.
  public var headCount: Int
  /// How many keys and values each layer has; consecutive heads share them when there are fewer.
  public var keyValueHeadCount: Int
  /// The width of the residual stream.
  public var dModel: Int
  /// The width of a head's queries, keys and values.
  public var dHead: Int
  /// The width inside of an MLP.
  public var dMLP: Int
  /// How many tokens the model knows.
  public var vocabularySize: Int
  /// How many positions a prompt may have.
  public var contextLength: Int
  /// The non-linearity of the MLPs.
  public var activation: Activation
  /// Whether MLPs are gated products, as in Llama.
  public var isGated: Bool
  /// Whether an MLP reads the same stream as its layer's heads, as in GPT-NeoX.
  public var isParallel: Bool
  /// How residual streams are normalised before they are read.
  public var norm: NormKind
  /// What norms add to the variance.
  public var normEpsilon: Float
  /// How many logits there are: one for each token, but for programs whose outputs are no tokens.
  public var outputCount: Int
  /// Whether a token sees only itself and what comes before it, in every layer.
  public var isCausal: Bool { layers.allSatisfy(\.isCausal) }
  /// Whether positions are learned, and not told by turning queries and keys.
  public var hasLearnedPositions: Bool { layers.allSatisfy { $0.rotaryFrequencies == nil } }

  package init(
    layerCount: Int, headCount: Int, keyValueHeadCount: Int, dModel: Int, dHead: Int, dMLP: Int,
    vocabularySize: Int, contextLength: Int, activation: Activation, isGated: Bool,
    isParallel: Bool, norm: NormKind, normEpsilon: Float, rotaryFrequencies: [Double]?,
    outputCount: Int? = nil, attentionScale: Float? = nil, isCausal: Bool = true
  ) {
    layers = [LayerVariant](
      repeating: LayerVariant(
        rotaryFrequencies: rotaryFrequencies,
        attentionScale: attentionScale ?? 1 / Float(dHead).squareRoot(), isCausal: isCausal),
      count: layerCount)
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.dModel = dModel
    self.dHead = dHead
    self.dMLP = dMLP
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
    self.activation = activation
    self.isGated = isGated
    self.isParallel = isParallel
    self.norm = norm
    self.normEpsilon = normEpsilon
    self.outputCount = outputCount ?? vocabularySize
  }

  /// The graphs of this transformer: with a key and value reader for each head, and with shared ones.
  public var graphs: [ComputationGraph] {
    keyValueHeadCount == headCount ? [graph()] : [graph(), graph(groupsKeysAndValues: true)]
  }

  /// The graph of this transformer.
  ///
  /// - Parameter groupsKeysAndValues: Whether heads that share a key or value share its reader;
  ///   otherwise every head has its own, as in the EAP-IG package.
  /// - Returns: The graph of writers and readers.
  public func graph(groupsKeysAndValues: Bool = false) -> ComputationGraph {
    ComputationGraph(
      layerCount: layerCount, headCount: headCount,
      keyValueReaderCount: groupsKeysAndValues ? keyValueHeadCount : headCount,
      isParallel: isParallel, dModel: dModel)
  }
}
