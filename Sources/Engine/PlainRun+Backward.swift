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
    let mlpWrite: Tensor  // [token, dModel], at the write of the MLP
  }

  var layers: [Layer]
  var logits: Tensor  // [token, dModel], zero where no logits were read
}

extension PlainRun {
  /// Carries the gradient of the logits back to every reader.
  ///
  /// - Parameters:
  ///   - dlogits: `[row, vocabulary]`.
  ///   - tape: What ``forward(given:from:rows:keepsTape:)`` kept.
  ///   - given: The write that was given to that run: it has no gradients to its readers.
  /// - Returns: The gradients at all readers.
  package func backward(
    _ dlogits: Tensor, _ tape: Tape, given: GivenWrite? = nil
  ) -> ReaderGradients {
    let weights = model.weights
    let dfinal = weights.finalNorm.backward(
      weights.unembedding.backward(dlogits), x: tape.finalRead, statistics: tape.finalStatistics)
    var dstream = Tensor(zeros: [batch.tokens.count, model.configuration.dModel])
    dstream.scatterAdd(dfinal, to: tape.rows)
    var gradients = ReaderGradients(layers: [], logits: dstream)
    for layer in weights.blocks.indices.reversed() {
      gradients.layers.append(backward(layer, tape.layers[layer], given, &dstream))
    }
    gradients.layers.reverse()
    return gradients
  }

  /// Carries the gradient of the residual stream back through one layer.
  private func backward(
    _ layer: Int, _ tape: LayerTape, _ given: GivenWrite?, _ dstream: inout Tensor
  ) -> ReaderGradients.Layer {
    let (configuration, block) = (model.configuration, model.weights.blocks[layer])
    let dwrite = dstream
    var dmlp = block.mlpNorm.backward(
      block.mlp.backward(dwrite, tape.mlp, configuration.activation).read,
      x: tape.mlpRead, statistics: tape.mlpStatistics)
    if case .mlp(_, layer) = given { dmlp.scale(by: 0) }
    // A parallel block's heads do not write to its MLP: they see the gradient above both.
    let dabove = dstream
    dstream.add(dmlp)
    var dz = block.attention.output.backward(configuration.isParallel ? dabove : dstream)
    if case .heads(_, layer) = given { dz.scale(by: 0) }
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
      attentionStatistics: tape.attentionStatistics, mlp: dmlp, mlpWrite: dwrite)
  }
}
