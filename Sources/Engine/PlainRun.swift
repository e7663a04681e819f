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

  /// A write that a run is given instead of computing it; no gradient flows through it.
  package enum GivenWrite {
    /// The write of `input`, `[token, dModel]`.
    case input(Tensor)
    /// The outputs of a layer's heads before their output matrices, `[token, head · dHead]`.
    case heads(Tensor, layer: Int)
    /// The write of a layer's MLP, `[token, dModel]`.
    case mlp(Tensor, layer: Int)

    /// The first layer that runs differently.
    var layer: Int {
      switch self {
      case .input: 0
      case .heads(_, let layer), .mlp(_, let layer): layer
      }
    }
  }

  /// The outcome of a forward pass.
  package struct Result {
    /// Shape `[row, vocabulary]`.
    package let logits: Tensor
    package let writes: CompactWrites
    package let tape: Tape?
  }

  /// - Parameters:
  ///   - given: A write that is not computed; nil to compute all.
  ///   - start: A run without it that kept its tape: what lies below is not computed again.
  ///   - rows: The tokens whose logits are wanted; nil for the batch's own.
  ///   - keepsTape: Whether ``backward(_:_:)`` will follow.
  /// - Returns: Logits, writes and, if asked for, the tape.
  package func forward(
    given: GivenWrite? = nil, from start: Result? = nil, rows: [Int32]? = nil,
    keepsTape: Bool = false
  ) -> Result {
    let first = start.flatMap(\.tape) == nil ? 0 : given?.layer ?? 0
    let below = start?.tape?.layers.prefix(first) ?? []
    let input: Tensor
    if case .input(let write) = given { input = write } else { input = model.embed(batch) }
    var stream = first == 0 ? input : start?.tape?.layers[first].attentionRead ?? input
    var writes = CompactWrites(
      input: input, heads: Array(start?.writes.heads.prefix(first) ?? []),
      mlps: Array(start?.writes.mlps.prefix(first) ?? []))
    var tape = Tape(layers: Array(below), rows: rows ?? batch.rows)
    for index in first..<model.configuration.layerCount {
      let layer = forward(index, given, &stream, &writes)
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
    _ layer: Int, _ given: GivenWrite?, _ stream: inout Tensor, _ writes: inout CompactWrites
  ) -> LayerTape {
    let block = model.weights.blocks[layer]
    let attentionRead = stream
    let normal = block.attentionNorm.forward(attentionRead)
    var heads = HeadAttention.Inputs(
      query: block.attention.query.forward(normal.output),
      key: block.attention.key.forward(normal.output),
      value: block.attention.value.forward(normal.output))
    attention.rotate(&heads)
    var z = attention.forward(heads)
    if case .heads(let known, layer) = given { z = known }
    stream.add(block.attention.output.forward(z))

    let mlpRead = model.configuration.isParallel ? attentionRead : stream
    let mlpNormal = block.mlpNorm.forward(mlpRead)
    var (write, tape) = block.mlp.forward(mlpNormal.output, model.configuration.activation)
    if case .mlp(let known, layer) = given { write = known }
    stream.add(write)
    writes.heads.append(z)
    writes.mlps.append(write)
    return LayerTape(
      attentionRead: attentionRead, attentionStatistics: normal.statistics, heads: heads,
      mlpRead: mlpRead, mlpStatistics: mlpNormal.statistics, mlp: tape)
  }
}
