import Graphs
import Tensors

/// What ablated edges carry in a batch: each writer's ablated value, and the stream they add up to.
package struct AblatedStream: Sendable {
  /// The ablated values, for the batch's tokens.
  package let writes: CompactWrites
  /// For each layer, what its heads read when every edge is ablated, `[token, dModel]`.
  let attentionReads: [Tensor]
  /// For each layer, what its MLP reads then, `[token, dModel]`.
  let mlpReads: [Tensor]
  /// What `logits` reads then, `[token, dModel]`.
  let finalRead: Tensor

  /// Adds up ablated values and the biases that belong to no writer.
  ///
  /// - Complexity: One product with each layer's output matrix.
  package init(_ writes: CompactWrites, model: Transformer) {
    var stream = writes.input
    var (attentionReads, mlpReads): ([Tensor], [Tensor]) = ([], [])
    for (layer, parts) in model.layers().enumerated() {
      attentionReads.append(stream)
      stream.add(parts.attention.write(writes.heads[layer]))
      mlpReads.append(model.configuration.isParallel ? attentionReads[layer] : stream)
      stream.add(writes.mlps[layer])
    }
    self.init(
      writes: writes, attentionReads: attentionReads, mlpReads: mlpReads, finalRead: stream)
  }

  init(
    writes: CompactWrites, attentionReads: [Tensor], mlpReads: [Tensor], finalRead: Tensor
  ) {
    self.writes = writes
    self.attentionReads = attentionReads
    self.mlpReads = mlpReads
    self.finalRead = finalRead
  }
}
