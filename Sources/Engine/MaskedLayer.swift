import Graphs
import Tensors

/// One layer of a masked run: the nodes that the plan names, from their reads to their writes.
struct MaskedLayer {
  let run: MaskedRun
  let plan: MaskedPlan
  let layer: Int
  /// Whether readers with the same mask share one read.
  let sharesReads: Bool

  private var graph: ComputationGraph { run.graph }
  private var model: Transformer { run.model }
  private var block: BlockWeights { model.weights.blocks[layer] }

  /// Computes the layer's heads; nil when the plan names none.
  ///
  /// The reads are nil when the heads only take over queries, keys and values that are at hand.
  func runHeads(_ state: inout MaskedState) -> (reads: MaskedRun.Reads?, z: Tensor)? {
    let writers = graph.headWriters(layer: layer)
    let heads = writers.filter { plan.writers[$0] }.map { $0 - writers.lowerBound }
    guard !heads.isEmpty else { return nil }
    let groups = ReadGroups(
      graph.headReaders(layer: layer).filter { plan.readers[$0] }, shares: sharesReads
    ) { reader in
      zip(run.mask[column: reader], state.deltas).map { $1 == nil ? 0 : $0 }
    }
    var reads: MaskedRun.Reads?
    if !groups.columns.isEmpty {
      let computed = run.normalized(
        run.reads(
          groups.columns, of: state.deltas, base: run.ablated.attentionReads[layer],
          intactRows: run.intactTokens), block.attentionNorm)
      updateInputs(&state.heads[layer], computed.normal.output, groups)
      reads = computed
    }
    let z = run.attention.forward(state.heads[layer], heads: heads)
    let difference =
      z
      - run.ablated.writes.heads[layer].gatherColumnBlocks(
        heads, width: model.configuration.dHead)
    for (place, head) in heads.enumerated() {
      state.deltas[writers.lowerBound + head] = model.headWrite(
        difference, at: place, head: head, layer: layer)
    }
    return (reads, z)
  }

  /// Computes the queries, keys and values that the plan names.
  private func updateInputs(
    _ inputs: inout HeadAttention.Inputs, _ normal: Tensor, _ groups: ReadGroups
  ) {
    for projection in Reader.Projection.allCases {
      let readers = graph.headReaders(layer: layer, projection)
      let places = readers.filter { plan.readers[$0] }.map { $0 - readers.lowerBound }
      guard !places.isEmpty else { continue }
      var values = model.project(
        places, of: readers, projection, layer: layer, normal, groups)
      if projection != .value { run.attention.rotate(&values, headCount: places.count) }
      inputs[projection].replaceColumnBlocks(
        places, width: model.configuration.dHead, with: values)
    }
  }

  /// Computes the layer's MLP; nil when the plan does not name it.
  func runMLP(_ state: inout MaskedState) -> (reads: MaskedRun.Reads, tape: MLPTape)? {
    let writer = graph.mlpWriter(layer: layer)
    guard plan.writers[writer] else { return nil }
    let reads = run.normalized(
      run.reads(
        [run.column(graph.mlpReader(layer: layer))], of: state.deltas,
        base: run.ablated.mlpReads[layer], intactRows: run.intactTokens
      ).reshaped([run.batch.tokens.count, graph.dModel]), block.mlpNorm)
    let (output, tape) = block.mlp.forward(reads.normal.output, model.configuration.activation)
    state.deltas[writer] = output - run.ablated.writes.mlps[layer]
    return (reads, tape)
  }
}

extension Transformer {
  /// The products of some readers' normalised reads with their matrices, `[token, place · dHead]`.
  ///
  /// - Parameters:
  ///   - places: The readers, as places among those of the projection.
  ///   - readers: All readers of the projection in the layer.
  ///   - projection: What they make.
  ///   - layer: The layer.
  ///   - normal: The normalised reads of all groups, `[group · token, dModel]`.
  ///   - groups: The group of each reader.
  /// - Returns: Queries, keys or values, not turned yet.
  func project(
    _ places: [Int], of readers: Range<Int>, _ projection: Reader.Projection, layer: Int,
    _ normal: Tensor, _ groups: ReadGroups
  ) -> Tensor {
    let linear = weights.blocks[layer].attention[keyPath: AttentionWeights.path(projection)]
    let tokenCount = normal.rowCount / groups.columns.count
    let rows = places.map { weightRows(reader: $0, of: readers.count, linear) }
    let group = places.map { groups[readers.lowerBound + $0] }
    let shape = [tokenCount, places.count * configuration.dHead]
    let target = MatrixLayout(
      offset: 0, rowCount: shape[0], columnCount: shape[1], stride: shape[1])
    // Neighbours that share a read are one product.
    let starts = places.indices.filter {
      $0 == 0 || group[$0] != group[$0 - 1] || rows[$0].lowerBound != rows[$0 - 1].upperBound
    }
    let products = zip(starts, starts.dropFirst() + [places.count]).map { start, end in
      MatrixProduct(
        normal.matrix.rows((group[start] * tokenCount)..<((group[start] + 1) * tokenCount)),
        linear.weight.matrix.rows(rows[start].lowerBound..<rows[end - 1].upperBound).transposed,
        into: target.columns(
          headColumns(start).lowerBound..<headColumns(end - 1).upperBound))
    }
    var output = Tensor.products(shape: shape, products)
    output.add(
      row: linear.bias.map { bias in
        Tensor(joining: rows.map { bias.slice($0) })
      })
    return output
  }
}

/// Readers by their columns of the mask: those with the same column share one read.
struct ReadGroups {
  /// The different columns, in the order of their first readers.
  private(set) var columns: [[Float]] = []
  /// For each different column the first reader that has it.
  private(set) var readers: [Int] = []
  private var groups: [Int: Int] = [:]

  init(_ readers: [Int], shares: Bool, column: (Int) -> [Float]) {
    var known: [[Float]: Int] = [:]
    for reader in readers {
      let column = column(reader)
      if shares, let group = known[column] {
        groups[reader] = group
      } else {
        known[column] = columns.count
        groups[reader] = columns.count
        columns.append(column)
        self.readers.append(reader)
      }
    }
  }

  /// The place of a reader's column.
  subscript(reader: Int) -> Int {
    guard let group = groups[reader] else { preconditionFailure("reader \(reader) is not here") }
    return group
  }
}
