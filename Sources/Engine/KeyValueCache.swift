import Tensors

/// The keys and values of the tokens that prompts start with, for runs that go on from there.
///
/// The prompts of a pair are the same up to their first difference. In a causal model so is everything that is
/// computed there, whatever is ablated by resampling: neither forward nor backward has anything to do.
package struct KeyValueCache: Sendable {
  struct Layer {
    let key: Tensor  // [cached token, key · dHead], turned by its position
    let value: Tensor  // [cached token, key · dHead]
  }
  let layers: [Layer]
  /// How many tokens of each prompt it holds.
  let counts: [Int32]

  /// - Parameters:
  ///   - model: A causal model.
  ///   - starts: For each prompt the tokens it starts with, maybe none.
  /// - Complexity: A forward pass without the last layer and logits, of which only keys and values are kept.
  package init(_ model: Transformer, starts: [[Int32]]) {
    precondition(model.configuration.isCausal, "earlier tokens see later ones")
    counts = starts.map { Int32($0.count) }
    let some = starts.filter { !$0.isEmpty }
    layers = some.isEmpty ? [] : PlainRun(model, batch: TokenBatch(some)).keysAndValues()
  }

  /// A layer's part; nil when no prompt has cached tokens.
  func layer(_ index: Int) -> Layer? { layers.isEmpty ? nil : layers[index] }
}

extension TokenBatch {
  /// Whether its prompts go on where a cache ends; without one they must be whole.
  func continues(_ cache: KeyValueCache?) -> Bool {
    cache.map { $0.counts == cachedCounts } ?? cachedCounts.allSatisfy { $0 == 0 }
  }
}

/// Where the tokens of a run lie: prompts one after another, maybe going on from a cache.
struct TokenPlaces {
  /// Where each prompt starts; one more for the end of the last.
  let starts: [Int32]
  /// The position of each token inside its prompt.
  let positions: [Int32]
  /// Where each prompt's keys start: cached ones, then those of the run's tokens.
  let keyStarts: [Int32]
  /// For each key its row among those of all cached tokens followed by those of the run's.
  let keyRows: [Int32]

  /// No tokens, for layers that only write.
  static let none = TokenPlaces(TokenBatch([]))

  /// The tokens of a batch, its prompts several times.
  init(_ batch: TokenBatch, copies: Int = 1) {
    let length = Int32(batch.tokens.count)
    let cached = batch.cachedCounts
    let cachedStarts = cached.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
    let cachedLength = cachedStarts.last ?? 0
    var (starts, keyStarts, keyRows): ([Int32], [Int32], [Int32]) = ([0], [0], [])
    for copy in 0..<Int32(copies) {
      for prompt in 0..<batch.promptCount {
        let own = cachedLength + copy * length
        keyRows += cachedStarts[prompt]..<cachedStarts[prompt + 1]
        keyRows += (own + batch.starts[prompt])..<(own + batch.starts[prompt + 1])
        keyStarts.append(Int32(keyRows.count))
        starts.append(copy * length + batch.starts[prompt + 1])
      }
    }
    (self.starts, self.keyStarts, self.keyRows) = (starts, keyStarts, keyRows)
    positions = [[Int32]](repeating: batch.positions, count: copies).flatMap(\.self)
  }
}
