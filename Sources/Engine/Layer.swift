import Graphs
import Tensors

/// One layer for the tokens of a run.
struct Layer {
  var attention: AttentionLayer
  let mlp: MLPLayer
}

extension Transformer {
  /// The layers for a run.
  ///
  /// - Parameters:
  ///   - tokens: Where the run's tokens lie.
  ///   - cache: Keys and values of the tokens before them; nil when the prompts are whole.
  ///   - keyCount: How many keys and values a layer has in the run; nil for the model's own.
  ///   - rules: How gradients pass.
  /// - Returns: All layers, from the first on.
  func layers(
    _ tokens: TokenPlaces = .none, cache: KeyValueCache? = nil, keyCount: Int? = nil,
    rules: BackwardRules = .exact
  ) -> [Layer] {
    // Layers that turn by the same angles share one table of them.
    var tables: [[Double]: Rotary] = [:]
    let length = Int(tokens.positions.max() ?? 0) + 1
    return zip(weights.blocks, configuration.layers).enumerated().map { index, layer in
      let (block, variant) = layer
      if let angles = variant.rotaryFrequencies, tables[angles] == nil {
        tables[angles] = Rotary(frequencies: angles, positionCount: length, on: device)
      }
      return Layer(
        attention: AttentionLayer(
          norm: block.attentionNorm.holdingDeviation(rules.holdsDeviations),
          weights: block.attention, headCount: configuration.headCount,
          keyCount: keyCount ?? configuration.keyValueHeadCount, dHead: configuration.dHead,
          variant: variant, rotary: variant.rotaryFrequencies.flatMap { tables[$0] },
          rules: rules, tokens: tokens, cache: cache?.layer(index)),
        mlp: MLPLayer(
          norm: block.mlpNorm.holdingDeviation(rules.holdsDeviations), weights: block.mlp,
          activation: configuration.mlp.activation, rules: rules))
    }
  }

  /// The last reader.
  ///
  /// - Parameter rules: How gradients pass.
  /// - Returns: The reader.
  func logitReader(_ rules: BackwardRules = .exact) -> LogitReader {
    LogitReader(
      norm: weights.finalNorm.holdingDeviation(rules.holdsDeviations),
      unembedding: weights.unembedding)
  }
}
