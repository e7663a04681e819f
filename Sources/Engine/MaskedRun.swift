package import Graphs
package import Tensors

/// The masked engine: each edge carries `m · a + (1 − m) · ã`, so every reader has a read of its own.
///
/// `read(r) = Σ_w ã_w + biases + Σ_w m[w, r] · (a_w − ã_w)`, one matrix product for each layer. The mask may
/// differ from one segment of the tokens to the next, see ``RunMasks``. Readers whose masks are the same share
/// one read. A run can start from the state of another one at different masks: it then computes only what
/// differs and matters, see ``MaskedPlan``.
///
/// Memory: `tokens · dModel` numbers for each writer that was computed, twice that for each different
/// read of one layer, and with a tape `tokens · dModel · readers` more.
package struct MaskedRun {
  let model: Transformer
  let batch: TokenBatch
  package let masks: RunMasks
  let ablated: AblatedStream
  let layers: [Layer]
  let logitReader: LogitReader
  var graph: ComputationGraph { masks.graph }

  /// - Parameters:
  ///   - model: The model.
  ///   - batch: The prompts.
  ///   - masks: Masks over the model's graph, maybe with grouped keys and values, for the batch's tokens.
  ///   - ablated: What ablated edges carry, for the batch's tokens.
  ///   - cache: Keys and values of the tokens before the batch's, where ablated values are the clean ones; nil
  ///     when the prompts are whole.
  ///   - rules: How gradients pass in the backward.
  package init(
    _ model: Transformer, batch: TokenBatch, masks: RunMasks, ablated: AblatedStream,
    cache: KeyValueCache? = nil, rules: BackwardRules = .exact
  ) {
    precondition(batch.continues(cache), "a cache of other prompts")
    precondition(
      model.graphs.contains(masks.graph),
      "masks over a graph that is not the model's: read circuits for the model's graphs")
    precondition(
      masks.spans.last?.tokens.upperBound == batch.tokens.count, "masks of other tokens")
    self.model = model
    self.batch = batch
    self.masks = masks
    self.ablated = ablated
    layers = model.layers(
      TokenPlaces(batch), cache: cache, keyCount: masks.graph.keyValueReaderCount, rules: rules)
    logitReader = model.logitReader(rules)
  }

  /// A run with one mask for all tokens.
  package init(
    _ model: Transformer, batch: TokenBatch, mask: EdgeMask, ablated: AblatedStream,
    cache: KeyValueCache? = nil, rules: BackwardRules = .exact
  ) {
    self.init(
      model, batch: batch, masks: RunMasks(mask, tokenCount: batch.tokens.count),
      ablated: ablated, cache: cache, rules: rules)
  }

  struct LayerTape {
    let reads: Tensor  // [reader, token, dModel], of the heads' readers
    let normal: Normalized  // of those
    let inputs: AttentionLayer.Inputs
    let products: AttentionLayer.Inputs?
    let outputs: AttentionLayer.Outputs
    let mlp: MLPLayer.Tape?  // nil in attention-only models
  }

  package struct Tape {
    let layers: [LayerTape]
    let delta: Tensor  // [writer, token, dModel]: a − ã
    let final: LogitReader.Tape
    let rows: [Int32]
  }

  package struct Result {
    /// Shape `[row, vocabulary]`.
    package let logits: Tensor
    /// Where a run at other masks can start.
    package let state: MaskedState
  }

  /// The outcome of a forward pass that a backward may follow.
  package struct TapedResult {
    package let result: Result
    package let tape: Tape
    /// Shape `[row, vocabulary]`.
    package var logits: Tensor { result.logits }
  }

  /// How much of the run is wanted.
  package enum Extent: Sendable {
    /// The logits; values that do not reach them stay stale.
    case logits
    /// Every node's values, so that a run at any masks can start from the state.
    case everyNode
  }

  /// - Parameters:
  ///   - rows: The tokens whose logits are wanted; nil for the batch's own.
  ///   - start: The state of another run on the same batch and ablated values; nil for none.
  ///   - extent: How much of the run is wanted.
  /// - Returns: Logits and the state.
  package func forward(
    rows: [Int32]? = nil, from start: MaskedState? = nil, extent: Extent = .logits
  ) -> Result {
    finish(values(from: start, extent: extent), rows ?? batch.rows).result
  }

  /// The values of the nodes that are wanted.
  func values(from start: MaskedState? = nil, extent: Extent = .logits) -> MaskedState {
    var (state, plan) = begin(from: start, isComplete: extent == .everyNode)
    for index in layers.indices {
      let pass = MaskedLayer(run: self, plan: plan, index: index, sharesReads: true)
      _ = pass.runHeads(&state)
      _ = pass.runMLP(&state)
    }
    return state
  }

  /// Runs the prompts and keeps what ``backward(_:_:wanting:)`` needs: every node's values, each reader with a
  /// read of its own.
  ///
  /// - Parameter rows: The tokens whose logits are wanted; nil for the batch's own.
  /// - Returns: Logits, the state and the tape.
  package func taped(rows: [Int32]? = nil) -> TapedResult {
    var (state, plan) = begin(from: nil, isComplete: true)
    let layers = layers.indices.map { index in
      let pass = MaskedLayer(run: self, plan: plan, index: index, sharesReads: false)
      guard let heads = pass.runHeads(&state), let reads = heads.reads else {
        preconditionFailure("a whole run computes every node")
      }
      return LayerTape(
        reads: reads.values, normal: reads.normal, inputs: state.heads[index],
        products: reads.products, outputs: heads.outputs, mlp: pass.runMLP(&state))
    }
    let (result, final) = finish(state, rows ?? batch.rows)
    return TapedResult(
      result: result,
      tape: Tape(
        layers: layers, delta: Tensor(stacking: state.deltas.compactMap(\.self)), final: final,
        rows: rows ?? batch.rows))
  }

  private func begin(
    from start: MaskedState?, isComplete: Bool
  ) -> (state: MaskedState, plan: MaskedPlan) {
    var state =
      start ?? MaskedState(graph: graph, model: model, tokenCount: batch.tokens.count)
    let plan = MaskedPlan(masks, from: state, isComplete: isComplete)
    state.adopt(masks, plan)
    if plan.writers[0] { state.deltas[0] = model.embed(batch) - ablated.writes.input }
    return (state, plan)
  }

  func finish(
    _ state: MaskedState, _ rows: [Int32]
  ) -> (result: Result, tape: LogitReader.Tape) {
    let read = reads(
      [masks.column(graph.logitsReader)], of: state.deltas.map { $0?.gatherRows(rows) },
      base: ablated.finalRead.gatherRows(rows), masks.spans(ofRows: rows))
    let (logits, tape) = logitReader.forward(read.reshaped([rows.count, graph.dModel]))
    return (Result(logits: logits, state: state), tape)
  }

  /// The reads of several readers that see the same writers.
  ///
  /// - Parameters:
  ///   - columns: For each read its masks one after another, as ``RunMasks/column(_:)``.
  ///   - deltas: For each writer `a − ã`, `[token, dModel]`; nil where it is zero.
  ///   - base: What is read when every edge is ablated, `[token, dModel]`.
  ///   - spans: Which of the masks each token has.
  /// - Returns: `[column, token, dModel]`.
  func reads(
    _ columns: [[Float]], of deltas: [Tensor?], base: Tensor, _ spans: [RunMasks.Span]
  ) -> Tensor {
    let visible = columns[0].count / masks.masks.count
    let terms = (0..<visible).filter { writer in
      deltas[writer] != nil
        && columns.contains { column in
          stride(from: writer, to: column.count, by: visible).contains { column[$0] != 0 }
        }
    }
    let factors = masks.masks.indices.map { mask in
      terms.flatMap { writer in columns.map { $0[mask * visible + writer] } }
    }
    return Tensor.sums(
      base: base, terms: terms.compactMap { deltas[$0] },
      parts: spans.map { ($0.tokens, factors[$0.mask]) }, count: columns.count)
  }
}
