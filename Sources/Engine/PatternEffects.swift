package import Graphs
package import Tensors

extension PlainRun {
  /// The gradients at the outputs of all heads of each layer, before their output matrices, `[query, head · dHead]`.
  ///
  /// - Parameters:
  ///   - gradients: What ``backward(_:_:given:holding:)`` returned.
  ///   - tape: The run's tape.
  ///   - held: The layer whose writes it held.
  /// - Returns: A tensor for each layer.
  package func outputGradients(
    _ gradients: ReaderGradients, _ tape: Tape, holding held: Int? = nil
  ) -> [Tensor] {
    zip(layers, gradients.layers).enumerated().map { index, pair in
      let (layer, gradient) = pair
      var dwrite = gradient.mlpWrite
      if !model.configuration.isParallel { dwrite.add(gradient.mlp) }
      var dz = layer.attention.backward(
        write: layer.attention.tokens.queried(dwrite), tape.layers[index].outputs)
      if index == held { dz.scale(by: 0) }
      return dz
    }
  }

  /// What patterns change when queries, or keys, are recomputed without an edge: `⟨p − p′, ∂L/∂p⟩`.
  ///
  /// A head's output is linear in its pattern, so this is `⟨z − z′, ∂L/∂z⟩` with the output of `p′`. The pattern of
  /// `w → r` is recomputed from `norm(read(r) − (a_w − ã_w))`; keys of all positions together.
  ///
  /// - Parameters:
  ///   - difference: The writers' clean minus ablated values.
  ///   - result: The clean run.
  ///   - outputGradients: For each of several backward passes, what ``outputGradients(_:holding:)`` returned.
  ///   - graph: The model's graph, maybe with grouped keys and values.
  /// - Returns: For each of them `[writers, readers]`, 0 but for edges into queries and keys.
  /// - Complexity: For each writer, the attention of the layers that read it, twice.
  package func patternEffects(
    _ difference: CompactWrites, _ result: TapedResult, _ outputGradients: [[Tensor]],
    graph: ComputationGraph
  ) -> [[Double]] {
    var effects = [[Double]](
      repeating: [Double](repeating: 0, count: graph.writerCount * graph.readerCount),
      count: outputGradients.count)
    orderedTerms(
      graph.writerCount, on: model.device,
      of: { writer in
        let write = difference.write(of: graph.writers[writer], layers)
        return layers.indices.filter { writer < graph.attentionWriterCount(layer: $0) }.flatMap {
          patternEffects(without: write, layer: $0, result, outputGradients, graph)
        }
      }
    ) { writer, terms in
      for term in terms { effects[term.pass][writer * graph.readerCount + term.reader] = term.sum }
    }
    return effects
  }

  /// The effects of one writer on the query and key readers of a layer, in each backward pass.
  private func patternEffects(
    without write: Tensor, layer: Int, _ result: TapedResult, _ outputGradients: [[Tensor]],
    _ graph: ComputationGraph
  ) -> [(pass: Int, reader: Int, sum: Double)] {
    let (attention, tape) = (layers[layer].attention, result.tape.layers[layer].attention)
    let z =
      result.tape.layers[layer].outputs?.z ?? attention.tokens.queried(result.writes.heads[layer])
    let changed = attention.inputs(tape.read - write).inputs
    let perHead = [z.rowCount * graph.headCount, attention.dHead]
    return [Reader.Projection.query, .key].flatMap { projection in
      var inputs = tape.inputs
      inputs[projection] = changed[projection]
      let change = (z - attention.attend(inputs)).reshaped(perHead)
      let readers = graph.headReaders(layer: layer, projection)
      let group = graph.headCount / readers.count
      return outputGradients.enumerated().flatMap { pass, gradients in
        let products = change.rowProducts(gradients[layer].reshaped(perHead))
        var sums = [Double](repeating: 0, count: readers.count)
        for (row, product) in products.enumerated() {
          sums[row % graph.headCount / group] += product
        }
        return zip(readers, sums).map { (pass, $0, $1) }
      }
    }
  }
}

extension CompactWrites {
  /// What one writer wrote, `[token, dModel]`.
  fileprivate func write(of writer: Writer, _ layers: [Layer]) -> Tensor {
    switch writer {
    case .input: input
    case .head(let layer, let index):
      layers[layer].attention.write(heads[layer], at: index, head: index)
    case .mlp(let layer): mlps[layer]
    }
  }
}
