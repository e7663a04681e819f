package import Graphs
package import Tensors

/// The masked engine: each edge carries `m · a + (1 − m) · ã`, so every reader has a read of its own.
///
/// `read(r) = Σ_w ã_w + biases + Σ_w m[w, r] · (a_w − ã_w)`, one matrix product for each layer.
/// Memory: about `tokens · dModel · (3 · writers + readers of one layer)` numbers, and with a tape
/// `tokens · dModel · readers` more.
package struct MaskedRun {
  let model: Transformer
  let batch: TokenBatch
  let mask: EdgeMask
  let ablated: Tensor
  let attention: HeadAttention
  var graph: ComputationGraph { mask.graph }

  /// - Parameters:
  ///   - model: The model.
  ///   - batch: The prompts.
  ///   - mask: A mask over the model's graph, maybe with grouped keys and values.
  ///   - ablated: What ablated edges carry, for the batch's tokens.
  package init(_ model: Transformer, batch: TokenBatch, mask: EdgeMask, ablated: CompactWrites) {
    self.model = model
    self.batch = batch
    self.mask = mask
    self.ablated = ablated.expanded(0..<batch.tokens.count, by: model)
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
    package let tape: Tape?
  }

  /// A run on its way: writers not reached yet hold −ã, so that adding a write leaves a − ã.
  struct State {
    var delta: Tensor  // [writer, token, dModel]
    var base: Tensor  // [token, dModel]: Σ ã of the writers so far, and biases
  }

  /// - Parameters:
  ///   - rows: The tokens whose logits are wanted; nil for each prompt's last.
  ///   - keepsTape: Whether ``backward(_:_:wanting:)`` will follow.
  /// - Returns: Logits and, if asked for, the tape.
  package func forward(rows: [Int32]? = nil, keepsTape: Bool = false) -> Result {
    let input = model.embed(batch)
    var delta = ablated
    delta.scale(by: -1)
    var state = State(delta: delta, base: Tensor(zeros: input.shape))
    write(input, by: 0, to: &state)
    var layers: [LayerTape] = []
    for layer in model.weights.blocks.indices {
      let layerTape = forward(layer: layer, &state)
      if keepsTape { layers.append(layerTape) }
    }
    let rows = rows ?? batch.lastTokens
    let read = reads(graph.logitsReader..<graph.readerCount, graph.writerCount, state)
    let final = normalized(
      read.reshaped(input.shape).gatherRows(rows), model.weights.finalNorm)
    return Result(
      logits: model.weights.unembedding.forward(final.normal.output),
      tape: keepsTape
        ? Tape(layers: layers, delta: state.delta, final: final, rows: rows) : nil)
  }

  private func forward(layer: Int, _ state: inout State) -> LayerTape {
    let block = model.weights.blocks[layer]
    // One product for all readers of the layer, with the writers that all of them see.
    let readers = graph.headReaders(layer: layer).lowerBound...graph.mlpReader(layer: layer)
    var layerReads = reads(Range(readers), graph.attentionWriterCount(layer: layer), state)
    var mlpRead = layerReads.removeLastBlock()
    let headReads = normalized(layerReads, block.attentionNorm)
    var heads = headInputs(headReads.normal.output, block.attention)
    attention.rotate(&heads)
    let z = attention.forward(heads)
    state.delta.add(model.headWrites(z.matrix, layer: layer, into: state.delta.layout))
    let before = state.base
    for head in graph.headWriters(layer: layer) { state.base.add(block: head, of: ablated) }
    state.base.add(row: block.attention.output.bias)
    if !graph.isParallel {
      mlpRead.add(state.base - before)
      addHeads(of: layer, to: &mlpRead, state)
    }
    let mlpReads = normalized(mlpRead, block.mlpNorm)
    let (output, tape) = block.mlp.forward(
      mlpReads.normal.output, model.configuration.activation)
    write(output, by: graph.mlpWriter(layer: layer), to: &state)
    return LayerTape(headReads: headReads, heads: heads, z: z, mlpReads: mlpReads, mlp: tape)
  }

  /// Adds what a sequential MLP takes from its own layer's heads.
  private func addHeads(of layer: Int, to read: inout Tensor, _ state: State) {
    let heads = graph.headWriters(layer: layer)
    let reader = graph.mlpReader(layer: layer)
    read.add([
      MatrixProduct(
        maskMatrix.rows(heads).columns(reader..<(reader + 1)).transposed,
        state.delta.blockMatrix.rows(heads),
        into: MatrixLayout(
          offset: 0, rowCount: 1, columnCount: read.count, stride: read.count))
    ])
  }

  private func write(_ output: Tensor, by writer: Int, to state: inout State) {
    state.delta.add(output, toBlock: writer)
    state.base.add(block: writer, of: ablated)
  }

  /// The reads of a range of readers that see the first `writerCount` writers.
  private func reads(_ readers: Range<Int>, _ writerCount: Int, _ state: State) -> Tensor {
    var reads = state.base.repeatedRow(readers.count)
    let visible = maskMatrix.rows(0..<writerCount).columns(readers)
    reads.add([
      MatrixProduct(
        visible.transposed, state.delta.blockMatrix.rows(0..<writerCount), into: reads.layout)
    ])
    return reads.reshaped([readers.count] + state.base.shape)
  }

  /// The mask as a matrix `[writers, readers]`.
  var maskMatrix: Matrix {
    Tensor(mask.values, shape: [graph.writerCount, graph.readerCount]).matrix
  }

  private func normalized(_ reads: Tensor, _ norm: Normalization) -> Reads {
    Reads(values: reads, normal: norm.forward(reads))
  }

  /// Queries, keys and values, each head's from its own normalised read.
  private func headInputs(
    _ normal: Tensor, _ attention: AttentionWeights
  ) -> HeadAttention.Inputs {
    let tokenCount = batch.tokens.count
    let tensors = graph.projections.map { projection, readers in
      let linear = attention[keyPath: AttentionWeights.path(projection)]
      let shape = [tokenCount, readers.count * model.configuration.dHead]
      let target = MatrixLayout(
        offset: 0, rowCount: shape[0], columnCount: shape[1], stride: shape[1])
      let rows = readers.indices.map {
        model.weightRows(reader: $0 - readers.lowerBound, of: readers.count, linear)
      }
      var output = Tensor.products(
        shape: shape,
        zip(readers, rows).enumerated().map { index, pair in
          MatrixProduct(
            normal.matrix.rows((pair.0 * tokenCount)..<((pair.0 + 1) * tokenCount)),
            linear.weight.matrix.rows(pair.1).transposed,
            into: target.columns(model.headColumns(index)))
        })
      output.add(
        row: linear.bias.map { bias in
          Tensor(rows.flatMap { bias.elements[$0] }, shape: [shape[1]])
        })
      return output
    }
    return HeadAttention.Inputs(query: tensors[0], key: tensors[1], value: tensors[2])
  }
}
