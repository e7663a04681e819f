package import Tensors

/// The gradients of a plain run at its readers, held compactly.
///
/// Queries, keys and values are held before their matrices and the norm, `[token, head · dHead]`;
/// with the norm's input and statistics they give the gradient at each reader's read.
package struct ReaderGradients {
  struct Layer {
    let heads: AttentionLayer.Inputs
    let attentionRead: Tensor  // [token, dModel]
    let attentionStatistics: Tensor  // [token, 2]
    let mlp: Tensor  // [token, dModel]
    let mlpWrite: Tensor  // [token, dModel], at the write of the MLP
  }

  /// Those of the readers of consecutive layers, all but where a pass hands them out in parts.
  var layers: [Layer]
  /// The first of those layers.
  var first = 0
  var logits: Tensor  // [token, dModel], zero where no logits were read
  /// Whether those at the logits are a part of these.
  var hasLogits = true
  /// At the write of `input`, `[token, dModel]`.
  package internal(set) var input: Tensor
}

extension PlainRun {
  /// Carries the gradient of the logits back to every reader.
  ///
  /// - Parameters:
  ///   - dlogits: `[row, vocabulary]`.
  ///   - tape: What ``taped(given:from:rows:)`` kept.
  ///   - given: The write that was given to that run: it has no gradients to its readers.
  ///   - held: A layer whose heads and MLP count as constants: nor have these.
  /// - Returns: The gradients at all readers.
  package func backward(
    _ dlogits: Tensor, _ tape: Tape, given: GivenWrite? = nil, holding held: Int? = nil
  ) -> ReaderGradients {
    var dstream = Tensor(zeros: [batch.tokens.count, model.configuration.dModel], on: model.device)
    dstream.scatterAdd(logitReader.backward(dlogits, tape.final).read, to: tape.rows)
    var gradients = ReaderGradients(layers: [], logits: dstream, input: dstream)
    for layer in layers.indices.reversed() {
      gradients.layers.append(
        backward(
          layer, tape.layers[layer], given, isHeld: layer == held, tape.rows, &dstream))
    }
    gradients.layers.reverse()
    gradients.input = dstream
    return gradients
  }

  /// Carries the gradient of the residual stream back through one layer.
  func backward(
    _ index: Int, _ tape: LayerTape, _ given: GivenWrite?, isHeld: Bool, _ rows: [Int32],
    _ dstream: inout Tensor
  ) -> ReaderGradients.Layer {
    let layer = layers[index]
    let dwrite = dstream
    var dmlp = spread(
      layer.mlp.backward(some(rows, of: dwrite, layer: index), tape.mlp).read, over: rows,
      layer: index)
    if isHeld || given?.isMLP(of: index) == true { dmlp.scale(by: 0) }
    dstream.add(dmlp)
    let tokens = layer.attention.tokens
    // A parallel block's heads do not write to its MLP: they see the gradient above both.
    var dz = layer.attention.backward(
      write: tokens.queried(model.configuration.isParallel ? dwrite : dstream), tape.outputs)
    if isHeld || given?.isHeads(of: index) == true { dz.scale(by: 0) }
    var heads = layer.attention.backward(
      dz, tape.attention.inputs, tape.attention.products)
    dstream.add(layer.attention.backward(heads, tape.attention))
    heads.query = tokens.spread(heads.query)
    return ReaderGradients.Layer(
      heads: heads, attentionRead: tape.attention.read,
      attentionStatistics: tape.attention.statistics, mlp: dmlp, mlpWrite: dwrite)
  }
}
