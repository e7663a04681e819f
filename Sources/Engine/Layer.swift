import Tensors

/// One layer for the tokens of a run.
struct Layer {
  var attention: AttentionLayer
  let mlp: MLPLayer
}

/// What decides a table of angles.
private struct RotaryKey: Hashable {
  let frequencies: [Double]
  let amplitude: Double

  init(_ frequencies: [Double], _ amplitude: Double) {
    (self.frequencies, self.amplitude) = (frequencies, amplitude)
  }
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
    var tables: [RotaryKey: Rotary] = [:]
    let length = Int(tokens.positions.max() ?? 0) + 1
    return zip(weights.blocks, configuration.layers).enumerated().map { index, layer in
      let (block, variant) = layer
      let key = variant.rotaryFrequencies.map { RotaryKey($0, variant.rotaryAmplitude) }
      if let key, tables[key] == nil {
        tables[key] = Rotary(
          frequencies: key.frequencies, amplitude: key.amplitude, positionCount: length, on: device)
      }
      let held = { (norm: Normalization) in norm.holdingDeviation(rules.holdsDeviations) }
      let headNorm = { (norm: Normalization) in
        HeadNorm(
          held(norm), span: variant.headNormSpan, dHead: configuration.dHead,
          widestCount: configuration.headCount)
      }
      return Layer(
        attention: AttentionLayer(
          norm: held(block.attentionNorm), weights: block.attention,
          queryNorm: block.attention.queryNorm.map(headNorm),
          keyNorm: block.attention.keyNorm.map(headNorm),
          outputNorm: block.attentionOutputNorm.map(held),
          residualScale: configuration.residualScale, headCount: configuration.headCount,
          keyCount: keyCount ?? configuration.keyValueHeadCount, dHead: configuration.dHead,
          variant: variant, rotary: key.flatMap { tables[$0] },
          rules: rules, tokens: tokens, cache: cache?.layer(index)),
        mlp: MLPLayer(
          norm: held(block.mlpNorm), weights: block.mlp,
          outputNorm: block.mlpOutputNorm.map(held), residualScale: configuration.residualScale,
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
      unembedding: weights.unembedding, scale: configuration.logitScale,
      cap: configuration.logitCap.map(Bound.soft), slope: rules.slope)
  }
}
