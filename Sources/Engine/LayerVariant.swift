/// What may differ from layer to layer of one transformer.
public struct LayerVariant: Sendable, Equatable {
  /// Angles per position of each rotated pair; nil for a layer that does not turn queries and keys.
  public var rotaryFrequencies: [Double]?
  /// What the products of queries and keys are multiplied by.
  public var attentionScale: Float
  /// Whether a token sees only itself and what comes before it.
  public var isCausal: Bool
}
