package import Tensors

/// The plain engine: a run with every edge intact, and its gradients at every reader's read.
///
/// All readers of a layer share one read, the residual stream. Equal to ``MaskedRun`` at mask 1.
package struct PlainRun {
  let model: Transformer
  let batch: TokenBatch
  let attention: HeadAttention

  package init(_ model: Transformer, batch: TokenBatch) {
    self.model = model
    self.batch = batch
    attention = model.attention(batch)
  }

  /// What the backward needs of one layer.
  struct LayerTape {
    var attentionRead: Tensor  // [token, dModel]
    var attentionStatistics: Tensor  // [token, 2]
    var heads: HeadAttention.Inputs
    var mlpRead: Tensor  // [token, dModel]
    var mlpStatistics: Tensor  // [token, 2]
    var mlp: MLPTape
  }

  /// What the backward needs of the whole run.
  package struct Tape {
    var layers: [LayerTape] = []
    var finalRead = Tensor(zeros: [0, 0])  // [row, dModel]
    var finalStatistics = Tensor(zeros: [0, 2])  // [row, 2]
    var rows: [Int32] = []
  }

  /// The outcome of a forward pass.
  package struct Result {
    /// Shape `[row, vocabulary]`.
    package let logits: Tensor
    package let writes: CompactWrites
    package let tape: Tape?
  }

  /// - Parameters:
  ///   - input: The write of `input`; nil for the batch's own embedding.
  ///   - rows: The tokens whose logits are wanted; nil for the batch's own.
  ///   - keepsTape: Whether ``backward(_:_:)`` will follow.
  /// - Returns: Logits, writes and, if asked for, the tape.
  package func forward(
    input: Tensor? = nil, rows: [Int32]? = nil, keepsTape: Bool = false
  ) -> Result {
    var stream = input ?? model.embed(batch)
    var writes = CompactWrites(input: stream, heads: [], mlps: [])
    var tape = Tape(rows: rows ?? batch.rows)
    for block in model.weights.blocks {
      let layer = forward(block, &stream, &writes)
      if keepsTape { tape.layers.append(layer) }
    }
    tape.finalRead = stream.gatherRows(tape.rows)
    let final = model.weights.finalNorm.forward(tape.finalRead)
    tape.finalStatistics = final.statistics
    return Result(
      logits: model.weights.unembedding.forward(final.output), writes: writes,
      tape: keepsTape ? tape : nil)
  }

  /// Runs one layer, adding its writes to the residual stream.
  private func forward(
    _ block: BlockWeights, _ stream: inout Tensor, _ writes: inout CompactWrites
  ) -> LayerTape {
    let attentionRead = stream
    let normal = block.attentionNorm.forward(attentionRead)
    var heads = HeadAttention.Inputs(
      query: block.attention.query.forward(normal.output),
      key: block.attention.key.forward(normal.output),
      value: block.attention.value.forward(normal.output))
    attention.rotate(&heads)
    let z = attention.forward(heads)
    stream.add(block.attention.output.forward(z))

    let mlpRead = model.configuration.isParallel ? attentionRead : stream
    let mlpNormal = block.mlpNorm.forward(mlpRead)
    let (write, tape) = block.mlp.forward(mlpNormal.output, model.configuration.activation)
    stream.add(write)
    writes.heads.append(z)
    writes.mlps.append(write)
    return LayerTape(
      attentionRead: attentionRead, attentionStatistics: normal.statistics, heads: heads,
      mlpRead: mlpRead, mlpStatistics: mlpNormal.statistics, mlp: tape)
  }
}
