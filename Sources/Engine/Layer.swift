import Graphs
import Tensors

/// One layer for the tokens of a run.
struct Layer {
  var attention: AttentionLayer
  let mlp: MLPLayer
}

/// Where the tokens of a run lie: prompts one after another.
struct TokenPlaces {
  /// Where each prompt starts; one more for the end of the last.
  let starts: [Int32]
  /// The position of each token inside its prompt.
  let positions: [Int32]

  init(_ batch: TokenBatch) { (starts, positions) = (batch.starts, batch.positions) }

  private init(starts: [Int32], positions: [Int32]) {
    (self.starts, self.positions) = (starts, positions)
  }

  /// No tokens, for layers that only write.
  static let none = TokenPlaces(starts: [0], positions: [])

  /// The same prompts several times.
  func repeated(_ count: Int) -> TokenPlaces {
    let length = Int32(positions.count)
    let all = (0..<Int32(count)).flatMap { copy in starts.dropLast().map { $0 + copy * length } }
    return TokenPlaces(
      starts: all + [Int32(count) * length],
      positions: [[Int32]](repeating: positions, count: count).flatMap(\.self))
  }
}

extension Transformer {
  /// The layers for a run.
  ///
  /// - Parameters:
  ///   - tokens: Where the run's tokens lie.
  ///   - keyCount: How many keys and values a layer has in the run; nil for the model's own.
  ///   - rules: How gradients pass.
  /// - Returns: All layers, from the first on.
  func layers(
    _ tokens: TokenPlaces = .none, keyCount: Int? = nil, rules: BackwardRules = .exact
  ) -> [Layer] {
    // Layers that turn by the same angles share one table of them.
    var tables: [[Double]: Rotary] = [:]
    let length = Int(tokens.positions.max() ?? 0) + 1
    return zip(weights.blocks, configuration.layers).map { block, variant in
      if let angles = variant.rotaryFrequencies, tables[angles] == nil {
        tables[angles] = Rotary(frequencies: angles, positionCount: length)
      }
      return Layer(
        attention: AttentionLayer(
          norm: block.attentionNorm, weights: block.attention, headCount: configuration.headCount,
          keyCount: keyCount ?? configuration.keyValueHeadCount, dHead: configuration.dHead,
          variant: variant, rotary: variant.rotaryFrequencies.flatMap { tables[$0] },
          rules: rules, tokens: tokens),
        mlp: MLPLayer(
          norm: block.mlpNorm, weights: block.mlp, activation: configuration.activation))
    }
  }

  /// The last reader.
  var logitReader: LogitReader {
    LogitReader(norm: weights.finalNorm, unembedding: weights.unembedding)
  }
}
