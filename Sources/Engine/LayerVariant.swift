public import Tensors

/// What may differ from layer to layer of one transformer.
public struct LayerVariant: Sendable, Equatable {
  /// Angles per position of each rotated pair; nil for a layer that does not turn queries and keys.
  public var rotaryFrequencies: [Double]?
  /// What the products of queries and keys are multiplied by.
  public var attentionScale: Float
  /// What turned elements of queries and keys are multiplied by.
  public var rotaryAmplitude = 1.0
  /// Whether a token sees only itself and what comes before it.
  public var isCausal: Bool
  /// How many of these tokens it sees, the last ones and itself included; nil for all.
  public var window: Int?
  /// Scores `s` are kept within `cap · tanh(s / cap)`; nil for as they are.
  public var scoreCap: Float?
  /// Queries, keys and values are cut off at this and its negative; nil for as they are.
  public var inputLimit: Float?
  /// Of what the norms of queries and keys take the mean, where the weights have such norms.
  public var headNormSpan = HeadNormSpan.head

  package init(
    rotaryFrequencies: [Double]?, attentionScale: Float, isCausal: Bool = true, window: Int? = nil,
    scoreCap: Float? = nil
  ) {
    self.rotaryFrequencies = rotaryFrequencies
    self.attentionScale = attentionScale
    self.isCausal = isCausal
    self.window = window
    self.scoreCap = scoreCap
  }
}

/// Of what a norm of queries or keys takes the mean.
public enum HeadNormSpan: Sendable {
  /// Of one head's.
  case head
  /// Of those of all heads of a layer, as in OLMo 2.
  case layer
}

extension [LayerVariant] {
  /// Causal layers that are all alike.
  ///
  /// - Parameters:
  ///   - count: How many.
  ///   - rotaryFrequencies: Angles per position of each rotated pair; nil for none.
  ///   - heads: The heads, whose width gives the usual scale `1 / √dHead`.
  /// - Returns: The layers.
  package static func alike(
    _ count: Int, rotaryFrequencies: [Double]? = nil, heads: HeadSizes
  ) -> [LayerVariant] {
    [LayerVariant](
      repeating: LayerVariant(
        rotaryFrequencies: rotaryFrequencies, attentionScale: 1 / Float(heads.width).squareRoot()),
      count: count)
  }
}

/// The heads of a layer.
public struct HeadSizes: Sendable, Equatable {
  /// How many heads there are.
  public var count: Int
  /// How many keys and values there are; consecutive heads share them when there are fewer.
  public var keyValueCount: Int
  /// The width of a head's queries, keys and values.
  public var width: Int

  package init(count: Int, keyValueCount: Int? = nil, width: Int) {
    self.count = count
    self.keyValueCount = keyValueCount ?? count
    self.width = width
  }
}

/// The MLP of a layer.
public struct MLPVariant: Sendable, Equatable {
  /// How many hidden values it has.
  public var width: Int
  /// The non-linearity.
  public var activation: Activation
  /// Whether it is a gated product, as in Llama.
  public var isGated: Bool

  package init(width: Int, activation: Activation, isGated: Bool = false) {
    self.width = width
    self.activation = activation
    self.isGated = isGated
  }
}

/// How streams are normalised.
public struct NormVariant: Sendable, Equatable {
  /// LayerNorm, RMSNorm or none.
  public var kind: NormKind
  /// What is added to the variance.
  public var epsilon: Float

  package init(_ kind: NormKind, epsilon: Float = 0) {
    self.kind = kind
    self.epsilon = epsilon
  }
}
