package import Tensors

/// The gradients of a plain run at its readers, held compactly.
///
/// Queries, keys and values are held before their matrices and the norm, `[token, head · dHead]`;
/// with the norm's input and statistics they give the gradient at each reader's read.
package struct ReaderGradients {
  struct Layer {
    let heads: HeadAttention.Inputs
    let attentionRead: Tensor  // [token, dModel]
    let attentionStatistics: Tensor  // [token, 2]
    let mlp: Tensor  // [token, dModel]
  }

  var layers: [Layer]
  var logits: Tensor  // [token, dModel], zero where no logits were read
}

extension PlainRun {
  /// Carries the gradient of the logits back to every reader.
  ///
  /// - Parameters:
  ///   - dlogits: `[row, vocabulary]`.
  ///   - tape: What ``forward(input:rows:keepsTape:)`` kept.
  /// - Returns: The gradients at all readers.
  package func backward(_ dlogits: Tensor, _ tape: Tape) -> ReaderGradients {
    let weights = model.weights
    let dfinal = weights.finalNorm.backward(
      weights.unembedding.backward(dlogits), x: tape.finalRead, statistics: tape.finalStatistics)
    var dstream = Tensor(zeros: [batch.tokens.count, model.configuration.dModel])
    dstream.scatterAdd(dfinal, to: tape.rows)
    var gradients = ReaderGradients(layers: [], logits: dstream)
    for (block, layer) in zip(weights.blocks, tape.layers).reversed() {
      gradients.layers.append(backward(block, layer, &dstream))
    }
    gradients.layers.reverse()
    return gradients
  }

  /// Carries the gradient of the residual stream back through one layer.
  private func backward(
    _ block: BlockWeights, _ tape: LayerTape, _ dstream: inout Tensor
  ) -> ReaderGradients.Layer {
    let configuration = model.configuration
    let dmlp = block.mlpNorm.backward(
      block.mlp.backward(dstream, tape.mlp, configuration.activation).read,
      x: tape.mlpRead, statistics: tape.mlpStatistics)
    // A parallel block's heads do not write to its MLP: they see the gradient above both.
    let dabove = dstream
    dstream.add(dmlp)
    let dz = block.attention.output.backward(configuration.isParallel ? dabove : dstream)
    let heads = attention.backward(dz, tape.heads)
    let shared = { (gradient: Tensor) in
      gradient.groupSums(
        groups: configuration.keyValueHeadCount,
        group: configuration.headCount / configuration.keyValueHeadCount,
        width: configuration.dHead)
    }
    var dnormal = block.attention.query.backward(heads.query)
    dnormal.add(block.attention.key.backward(shared(heads.key)))
    dnormal.add(block.attention.value.backward(shared(heads.value)))
    dstream.add(
      block.attentionNorm.backward(
        dnormal, x: tape.attentionRead, statistics: tape.attentionStatistics))
    return ReaderGradients.Layer(
      heads: heads, attentionRead: tape.attentionRead,
      attentionStatistics: tape.attentionStatistics, mlp: dmlp)
  }
}
