package import Graphs
package import Tensors

extension PlainRun {
  /// The products `⟨value, gradient⟩` of each query, key, value and MLP write, for each token.
  ///
  /// They are the gradients with respect to factors at those values.
  ///
  /// - Parameters:
  ///   - taped: A run.
  ///   - gradients: What ``backward(_:_:given:holding:)`` returned for it.
  ///   - graph: The model's graph, maybe with grouped keys and values.
  /// - Returns: `[reader, token]` for all readers but `logits`; MLPs under their readers.
  package func nodeProducts(
    _ taped: TapedResult, _ gradients: ReaderGradients, graph: ComputationGraph
  ) -> Tensor {
    var rows: [Float] = []
    let outputs =
      layers.allSatisfy(\.attention.onlyTurns) ? [] : outputGradients(gradients, taped.tape)
    for (layer, gradient) in gradients.layers.enumerated() {
      let attention = layers[layer].attention
      let inputs = taped.tape.layers[layer].attention.inputs
      // Gradients are of queries and keys before they were turned; where more was done to those, products are taken
      // of what attention took.
      let (values, gradients) =
        attention.onlyTurns
        ? (attention.turnedBack(inputs), gradient.heads)
        : (inputs, attention.taken(outputs[layer], inputs))
      for (projection, readers) in graph.projections {
        let width = model.configuration.dHead
        let shared = values[projection].columnCount / width
        let copies = (0..<graph.headCount).map { $0 * shared / graph.headCount }
        let perHead = [batch.tokens.count * graph.headCount, width]
        let value = values[projection].gatherColumnBlocks(copies, width: width).reshaped(perHead)
        let products = value.rowProducts(gradients[projection].reshaped(perHead))
        rows +=
          Tensor(
            products.map(Float.init), shape: [batch.tokens.count, graph.headCount]
          ).groupSums(groups: readers.count, group: graph.headCount / readers.count, width: 1)
          .transposed().values()
      }
      guard graph.hasMLPs else { continue }
      rows += taped.writes.mlps[layer].rowProducts(gradient.mlpWrite).map(Float.init)
    }
    return Tensor(rows, shape: [graph.logitsReader, batch.tokens.count])
  }
}
