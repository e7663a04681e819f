import Graphs
package import Tensors

/// What every writer wrote in one run, held compactly: heads before their output matrices, but already divided by the
/// deviation of the norm after the attention, where there is one.
///
/// Memory: `tokens · (dModel + layers · (heads · dHead + dModel))` numbers, where the writes
/// themselves would take `tokens · writers · dModel`.
package struct CompactWrites: Sendable {
  /// Shape `[token, dModel]`.
  package var input: Tensor
  /// For each layer, shape `[token, head · dHead]`.
  package var heads: [Tensor]
  /// For each layer, shape `[token, dModel]`; zero in attention-only models.
  package var mlps: [Tensor]

  package init(input: Tensor, heads: [Tensor], mlps: [Tensor]) {
    self.input = input
    self.heads = heads
    self.mlps = mlps
  }

  /// Takes tensors in the order of ``tensors``.
  package init(tensors: [Tensor]) {
    let layers = (tensors.count - 1) / 2
    self.init(
      input: tensors[0], heads: Array(tensors[1..<(1 + layers)]),
      mlps: Array(tensors[(1 + layers)...]))
  }

  /// The input, each layer's heads, each layer's MLP.
  package var tensors: [Tensor] { [input] + heads + mlps }

  /// Applies a function to every tensor.
  package func map(_ transform: (Tensor) -> Tensor) -> CompactWrites {
    CompactWrites(tensors: tensors.map(transform))
  }

  package static func - (left: CompactWrites, right: CompactWrites) -> CompactWrites {
    CompactWrites(
      input: left.input - right.input, heads: zip(left.heads, right.heads).map { $0 - $1 },
      mlps: zip(left.mlps, right.mlps).map { $0 - $1 })
  }

  /// The writes of some tokens in full, `[writer, token, dModel]`.
  ///
  /// - Parameters:
  ///   - tokens: Which tokens.
  ///   - graph: The model's graph.
  ///   - layers: All layers.
  ///   - end: What writers of layers from here on have is left open; nil for none.
  /// - Returns: The writes.
  func expanded(
    _ tokens: [Int32], _ graph: ComputationGraph, _ layers: [Layer], upTo end: Int? = nil
  ) -> Tensor {
    let end = end ?? layers.count
    let width = tokens.count * graph.dModel
    var writes = Tensor(
      unwritten: [graph.writerCount, tokens.count, graph.dModel], on: input.device)
    writes.replace(at: 0, with: input.pickedRows(tokens))
    for (layer, write) in mlps.prefix(end).enumerated() {
      guard let mlp = graph.mlp(layer: layer) else { break }
      writes.replace(at: mlp.writer * width, with: write.pickedRows(tokens))
    }
    let target = writes.layout
    let rows = { (layer: Int) in
      let heads = graph.headWriters(layer: layer)
      return (heads.lowerBound * tokens.count)..<(heads.upperBound * tokens.count)
    }
    writes.replace(
      heads.prefix(end).enumerated().flatMap { layer, z in
        layers[layer].attention.writes(
          z.pickedRows(tokens).matrix, into: target.rows(rows(layer)))
      })
    for layer in 0..<min(end, heads.count) {
      writes.scale(columnsBy: layers[layer].attention.outputScale, rows: rows(layer))
    }
    return writes
  }
}

extension Transformer {
  /// Writes of nothing for some tokens.
  package func zeroWrites(tokenCount: Int) -> CompactWrites {
    let write = Tensor(zeros: [tokenCount, configuration.dModel], on: device)
    let z = Tensor(zeros: [tokenCount, configuration.headCount * configuration.dHead], on: device)
    let layers = configuration.layerCount
    return CompactWrites(
      input: write, heads: [Tensor](repeating: z, count: layers),
      mlps: [Tensor](repeating: write, count: layers))
  }
}
