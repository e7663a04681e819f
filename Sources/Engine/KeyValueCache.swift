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

  init(layers: [Layer], counts: [Int32]) {
    self.layers = layers
    self.counts = counts
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
