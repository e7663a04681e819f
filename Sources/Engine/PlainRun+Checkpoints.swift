import Graphs
package import Tensors

extension PlainRun {
  /// What a backward needs of a run that keeps little: the residual stream before each layer.
  ///
  /// Memory: `tokens · layers · dModel` numbers, a small part of a ``Tape``.
  package struct Checkpoints {
    /// Shape `[row, vocabulary]`.
    package let logits: Tensor
    fileprivate let reads: [Tensor]
    fileprivate let final: LogitReader.Tape
    fileprivate let given: GivenWrite?
  }

  /// Runs the prompts and keeps the residual stream before each layer.
  ///
  /// - Parameters:
  ///   - given: A write that is not computed; nil to compute all.
  ///   - visit: Is given what each layer's heads and MLP write, as ``CompactWrites`` holds it, layer by layer.
  /// - Returns: Logits and checkpoints.
  package func checkpoints(
    given: GivenWrite? = nil,
    visit: (_ layer: Int, _ heads: Tensor, _ mlp: Tensor) -> Void = { _, _, _ in }
  ) -> Checkpoints {
    var pass = Pass(stream: model.embed(batch))
    if case .input(let write) = given { pass = Pass(stream: write) }
    var reads: [Tensor] = []
    for layer in layers.indices {
      reads.append(pass.stream)
      _ = run(layer, given: given, batch.rows, &pass)
      visit(layer, pass.writes.heads.removeLast(), pass.writes.mlps.removeLast())
    }
    let (result, final) = finish(pass, batch.rows)
    return Checkpoints(logits: result.logits, reads: reads, final: final, given: given)
  }

  /// Carries the gradient of the logits back, each layer run once more for what its backward needs.
  ///
  /// - Parameters:
  ///   - dlogits: `[row, vocabulary]`.
  ///   - checkpoints: What ``checkpoints(given:visit:)`` returned.
  ///   - count: How many layers' gradients are handed out together.
  ///   - body: Is given the gradients at the readers of some layers, from the last layers down; those at the logits come
  ///     with the first of them.
  package func backward(
    _ dlogits: Tensor, _ checkpoints: Checkpoints, layersTogether count: Int,
    _ body: (ReaderGradients) -> Void
  ) {
    var dstream = Tensor(zeros: [batch.tokens.count, model.configuration.dModel], on: model.device)
    dstream.scatterAdd(logitReader.backward(dlogits, checkpoints.final).read, to: batch.rows)
    let logits = dstream
    for end in stride(from: layers.count, to: 0, by: -count) {
      let group = max(end - count, 0)..<end
      var gradients = ReaderGradients(layers: [], logits: logits, input: dstream)
      (gradients.first, gradients.hasLogits) = (group.lowerBound, end == layers.count)
      for layer in group.reversed() {
        var pass = Pass(stream: checkpoints.reads[layer])
        let tape = run(layer, given: checkpoints.given, batch.rows, &pass)
        gradients.layers.append(
          backward(layer, tape, checkpoints.given, isHeld: false, batch.rows, &dstream))
      }
      gradients.layers.reverse()
      gradients.input = dstream
      body(gradients)
    }
  }
}
