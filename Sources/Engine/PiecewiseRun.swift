import Graphs
package import Tensors

/// A masked run of one long prompt in pieces: each goes on from the keys and values of those before.
///
/// In a causal model a token's values depend on no later token. What the run keeps of a prompt is therefore two numbers
/// for each key and value that a reader makes, and what ablated edges carry; all else is of one piece.
package struct PiecewiseRun {
  let model: Transformer
  let batch: TokenBatch
  let masks: RunMasks
  let ablated: CompactWrites
  let cache: KeyValueCache?
  let length: Int

  /// - Parameters:
  ///   - model: A causal model.
  ///   - batch: One prompt.
  ///   - masks: Masks over the model's graph, for the batch's tokens.
  ///   - ablated: What ablated edges carry, for the batch's tokens.
  ///   - cache: Keys and values of the tokens before the batch's, where ablated values are the clean ones; nil
  ///     when the prompt is whole.
  ///   - length: How many tokens a piece has.
  package init(
    _ model: Transformer, batch: TokenBatch, masks: RunMasks, ablated: CompactWrites,
    cache: KeyValueCache?, length: Int
  ) {
    precondition(model.configuration.isCausal, "earlier tokens see later ones")
    self.model = model
    self.batch = batch
    self.masks = masks
    self.ablated = ablated
    self.cache = cache
    self.length = length
  }

  /// The logits of the batch's rows, `[row, vocabulary]`.
  ///
  /// - Complexity: A pass of ``MaskedRun``, and for each piece one product with each layer's output matrix and a copy of the
  ///   keys and values so far.
  package func logits() -> Tensor {
    let end = Int(batch.rows.last ?? 0) + 1
    var known = GrowingCache(
      cache, keyCount: masks.graph.keyValueReaderCount, upTo: end, of: model)
    var logits: [Tensor] = []
    for first in stride(from: 0, to: end, by: length) {
      let tokens = first..<min(first + length, end)
      let (rows, inputs) = run(tokens, known.cache)
      if let rows { logits.append(rows) }
      known.add(inputs)
    }
    return Tensor(joining: logits)
  }

  /// Runs some tokens; the logits are nil where none are wanted.
  private func run(
    _ tokens: Range<Int>, _ cache: KeyValueCache?
  ) -> (logits: Tensor?, inputs: [AttentionLayer.Inputs]) {
    let writes = ablated.map { $0.pickedRows(tokens.map(Int32.init)) }
    let run = MaskedRun(
      model, batch: batch.piece(tokens), masks: masks.piece(tokens),
      ablated: AblatedStream(writes, model: model), cache: cache)
    let (state, rows) = (run.values(), run.batch.rows)
    return (rows.isEmpty ? nil : run.finish(state, rows).result.logits, state.heads)
  }
}

/// Keys and values of a prompt's tokens so far, one for each reader, in tensors that have room for all tokens.
private struct GrowingCache {
  private var keys: [Tensor]  // [token, key reader · dHead]
  private var values: [Tensor]
  private var count: Int

  /// - Parameters:
  ///   - start: Keys and values of the prompt's first tokens, those that readers share once; nil for none.
  ///   - keyCount: How many readers of keys a layer has.
  ///   - end: How many tokens will be added.
  ///   - model: The model.
  init(_ start: KeyValueCache?, keyCount: Int, upTo end: Int, of model: Transformer) {
    count = Int(start?.counts[0] ?? 0)
    let width = model.configuration.dHead
    let empty = { Tensor(zeros: [end, keyCount * width], on: model.device) }
    let grown = { (known: Tensor?) in
      guard let known else { return empty() }
      let shared = known.columnCount / width
      let perReader = known.gatherColumnBlocks(
        (0..<keyCount).map { $0 * shared / keyCount }, width: width)
      return Tensor(joining: [perReader, empty()])
    }
    keys = (0..<model.configuration.layerCount).map { grown(start?.layer($0)?.key) }
    values = (0..<model.configuration.layerCount).map { grown(start?.layer($0)?.value) }
  }

  /// What runs of the tokens that come next take.
  var cache: KeyValueCache? {
    guard count > 0 else { return nil }
    return KeyValueCache(
      layers: zip(keys, values).map {
        KeyValueCache.Layer(key: $0.slice(0..<count), value: $1.slice(0..<count))
      },
      counts: [Int32(count)])
  }

  /// Adds what the next tokens made in each layer.
  mutating func add(_ inputs: [AttentionLayer.Inputs]) {
    for (layer, inputs) in inputs.enumerated() {
      keys[layer].replace(at: count * inputs.key.columnCount, with: inputs.key)
      values[layer].replace(at: count * inputs.value.columnCount, with: inputs.value)
    }
    count += inputs.first?.key.rowCount ?? 0
  }
}
