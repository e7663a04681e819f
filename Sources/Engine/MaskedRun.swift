package import Graphs
package import Tensors

/// The masked engine: each edge carries `m · a + (1 − m) · ã`, so every reader has a read of its own.
///
/// `read(r) = Σ_w ã_w + biases + Σ_w m[w, r] · (a_w − ã_w)`, one matrix product for each layer.
/// Readers whose mask is the same share one read. A run can start from the state of another one at
/// a different mask: it then computes only what differs and matters, see ``MaskedPlan``.
///
/// Memory: `tokens · dModel` numbers for each writer that was computed, twice that for each different
/// read of one layer, and with a tape `tokens · dModel · readers` more.
package struct MaskedRun {
  let model: Transformer
  let batch: TokenBatch
  let mask: EdgeMask
  let ablated: AblatedStream
  /// Tokens at which every edge is intact, whatever the mask.
  let intactTokens: [Int32]
  let attention: HeadAttention
  var graph: ComputationGraph { mask.graph }

  /// - Parameters:
  ///   - model: The model.
  ///   - batch: The prompts.
  ///   - mask: A mask over the model's graph, maybe with grouped keys and values.
  ///   - ablated: What ablated edges carry, for the batch's tokens.
  ///   - intactTokens: Places among the batch's tokens where no edge is ablated.
  package init(
    _ model: Transformer, batch: TokenBatch, mask: EdgeMask, ablated: AblatedStream,
    intactTokens: [Int32] = []
  ) {
    self.model = model
    self.batch = batch
    self.mask = mask
    self.ablated = ablated
    self.intactTokens = intactTokens
    attention = model.attention(batch, keyValueHeadCount: mask.graph.keyValueReaderCount)
  }

  /// The reads of readers that see the same writers, and the norm's statistics.
  struct Reads {
    let values: Tensor  // [reader, token, dModel]
    let normal: Normalized
  }

  struct LayerTape {
    let headReads: Reads
    let heads: HeadAttention.Inputs
    let z: Tensor  // [token, head · dHead]
    let mlpReads: Reads
    let mlp: MLPTape
  }

  package struct Tape {
    let layers: [LayerTape]
    let delta: Tensor  // [writer, token, dModel]: a − ã
    let final: Reads  // of `logits`, [row, dModel]
    let rows: [Int32]
  }

  package struct Result {
    /// Shape `[row, vocabulary]`.
    package let logits: Tensor
    /// Where a run at another mask can start.
    package let state: MaskedState
    package let tape: Tape?
  }

  /// How much of the run is wanted.
  package enum Extent: Sendable {
    /// The logits; values that do not reach them stay stale.
    case logits
    /// Every node's values, so that a run at any mask can start from the state.
    case everyNode
    /// Every node's values, each reader with a read of its own, for ``backward(_:_:wanting:)``.
    case tape
  }

  /// - Parameters:
  ///   - rows: The tokens whose logits are wanted; nil for the batch's own.
  ///   - start: The state of another run on the same batch and ablated values; nil for none.
  ///   - extent: How much of the run is wanted.
  /// - Returns: Logits, the state and, if asked for, the tape.
  package func forward(
    rows: [Int32]? = nil, from start: MaskedState? = nil, extent: Extent = .logits
  ) -> Result {
    let keepsTape = extent == .tape
    precondition(
      !keepsTape || start == nil && intactTokens.isEmpty, "a tape is of a whole run at one mask")
    // An intact token's reads take in every writer, so all of them differ and matter there.
    var state =
      (intactTokens.isEmpty ? start : nil)
      ?? MaskedState(graph: graph, model: model, tokenCount: batch.tokens.count)
    let plan = MaskedPlan(
      mask, from: state, isComplete: extent != .logits || !intactTokens.isEmpty)
    state.adopt(mask, plan)
    if plan.writers[0] { state.deltas[0] = model.embed(batch) - ablated.writes.input }
    var layers: [LayerTape] = []
    for layer in model.weights.blocks.indices {
      let pass = MaskedLayer(run: self, plan: plan, layer: layer, sharesReads: !keepsTape)
      let heads = pass.runHeads(&state)
      let mlp = pass.runMLP(&state)
      if keepsTape, let heads, let headReads = heads.reads, let mlp {
        layers.append(
          LayerTape(
            headReads: headReads, heads: state.heads[layer], z: heads.z, mlpReads: mlp.reads,
            mlp: mlp.tape))
      }
    }
    let rows = rows ?? batch.rows
    let final = finalReads(rows, state)
    return Result(
      logits: model.weights.unembedding.forward(final.normal.output), state: state,
      tape: keepsTape
        ? Tape(
          layers: layers, delta: Tensor(stacking: state.deltas.compactMap(\.self)), final: final,
          rows: rows) : nil)
  }

  /// What `logits` reads at some tokens, `[row, dModel]`.
  private func finalReads(_ rows: [Int32], _ state: MaskedState) -> Reads {
    let intact = Set(intactTokens)
    let read = reads(
      [column(graph.logitsReader)], of: state.deltas.map { $0?.gatherRows(rows) },
      base: ablated.finalRead.gatherRows(rows),
      intactRows: rows.indices.filter { intact.contains(rows[$0]) }.map(Int32.init))
    return normalized(
      read.reshaped([rows.count, graph.dModel]), model.weights.finalNorm)
  }

  /// A reader's mask, one number for each writer it sees.
  func column(_ reader: Int) -> [Float] { Array(mask[column: reader]) }

  /// The reads of several columns of a mask.
  ///
  /// - Parameters:
  ///   - columns: For each read a number for each writer, from the first on.
  ///   - deltas: For each writer `a − ã`, `[token, dModel]`; nil where it is zero.
  ///   - base: What is read when every edge is ablated, `[token, dModel]`.
  ///   - intactRows: Tokens at which every edge is intact.
  /// - Returns: `[column, token, dModel]`.
  func reads(
    _ columns: [[Float]], of deltas: [Tensor?], base: Tensor, intactRows: [Int32]
  ) -> Tensor {
    var columns = columns
    if !intactRows.isEmpty {
      columns.append([Float](repeating: 1, count: columns[0].count))
    }
    // Columns of one layer see the same writers, so the first one tells how many.
    let terms = columns[0].indices.compactMap { writer -> (delta: Tensor, factors: [Float])? in
      guard let delta = deltas[writer] else { return nil }
      let factors = columns.map { $0[writer] }
      return factors.contains { $0 != 0 } ? (delta, factors) : nil
    }
    let all = Tensor.sums(
      base: base, terms: terms.map(\.delta),
      parts: [(0..<base.rowCount, terms.flatMap(\.factors))], count: columns.count)
    guard !intactRows.isEmpty else { return all }
    var reads = all.slice(0..<(columns.count - 1))
    let whole = all.slice(block: columns.count - 1).gatherRows(intactRows)
    for block in 0..<(columns.count - 1) {
      reads.replaceRows(intactRows.map { $0 + Int32(block * base.rowCount) }, with: whole)
    }
    return reads
  }

  func normalized(_ reads: Tensor, _ norm: Normalization) -> Reads {
    Reads(values: reads, normal: norm.forward(reads))
  }
}
