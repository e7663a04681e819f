import Graphs
import Tensors

/// One layer of a masked run: the nodes that the plan names, from their reads to their writes.
struct MaskedLayer {
  let run: MaskedRun
  let plan: MaskedPlan
  let index: Int
  /// Whether readers with the same masks share one read.
  let sharesReads: Bool

  private var graph: ComputationGraph { run.graph }
  private var layer: Layer { run.layers[index] }

  /// Reads of several readers, and normalised.
  struct Reads {
    let values: Tensor  // [reader, token, dModel]
    let normal: Normalized
    /// What matrices made of all of them, where a tape needs it.
    let products: AttentionLayer.Inputs?
  }

  /// Computes the layer's heads; nil when the plan names none.
  ///
  /// The reads are nil when the heads only take over queries, keys and values that are at hand.
  func runHeads(
    _ state: inout MaskedState
  ) -> (reads: Reads?, outputs: AttentionLayer.Outputs)? {
    let writers = graph.headWriters(layer: index)
    let heads = writers.filter { plan.writers[$0] }.map { $0 - writers.lowerBound }
    guard !heads.isEmpty else { return nil }
    let visible = graph.attentionWriterCount(layer: index)
    let groups = ReadGroups(
      graph.headReaders(layer: index).filter { plan.readers[$0] }, shares: sharesReads
    ) { reader in
      // What a writer that is as ablated would be masked by does not matter.
      run.masks.column(reader).enumerated().map { state.deltas[$0 % visible] == nil ? 0 : $1 }
    }
    var reads: Reads?
    if !groups.columns.isEmpty {
      let values = run.reads(
        groups.columns, of: state.deltas, base: run.ablated.attentionReads[index], run.masks.spans)
      let normal = layer.attention.norm.forward(values)
      let products = updateInputs(&state.heads[index], normal.output, groups)
      reads = Reads(
        values: values, normal: normal, products: layer.attention.keepsProducts ? products : nil)
    }
    let outputs = layer.attention.outputs(
      layer.attention.attend(state.heads[index], heads: heads))
    let difference =
      outputs.written
      - run.ablated.writes.heads[index].gatherColumnBlocks(heads, width: layer.attention.dHead)
    for (place, head) in heads.enumerated() {
      state.deltas[writers.lowerBound + head] = layer.attention.write(
        difference, at: place, head: head)
    }
    return (reads, outputs)
  }

  /// Computes the queries, keys and values that the plan names, and returns what matrices made of all of them; nil
  /// when it names not every projection.
  private func updateInputs(
    _ inputs: inout AttentionLayer.Inputs, _ normal: Tensor, _ groups: ReadGroups
  ) -> AttentionLayer.Inputs? {
    var products: [Tensor] = []
    for projection in Reader.Projection.allCases {
      let readers = graph.headReaders(layer: index, projection)
      let places = groups.places(readers.filter { plan.readers[$0] }, of: readers)
      guard !places.isEmpty else { continue }
      let values = layer.attention.project(
        projection, places, of: readers.count, normal, readCount: groups.columns.count)
      inputs[projection].replaceColumnBlocks(
        places.map(\.reader), width: layer.attention.dHead, with: values.values)
      products.append(values.products)
    }
    guard products.count == 3 else { return nil }
    return AttentionLayer.Inputs(query: products[0], key: products[1], value: products[2])
  }

  /// Computes the layer's MLP; nil when there is none or the plan does not name it.
  func runMLP(_ state: inout MaskedState) -> MLPLayer.Tape? {
    guard let mlp = graph.mlp(layer: index), plan.writers[mlp.writer] else { return nil }
    let read = run.reads(
      [run.masks.column(mlp.reader)], of: state.deltas,
      base: run.ablated.mlpReads[index], run.masks.spans)
    let (write, tape) = layer.mlp.forward(
      read.reshaped([run.batch.tokens.count, graph.dModel]))
    state.deltas[mlp.writer] = write - run.ablated.writes.mlps[index]
    return tape
  }
}

/// Readers by their columns of the masks: those with the same column share one read.
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

  /// Some readers as places among those of one projection, with the read of each.
  func places(_ readers: [Int], of all: Range<Int>) -> [AttentionLayer.ReadPlace] {
    readers.map { reader in
      guard let group = groups[reader] else { preconditionFailure("reader \(reader) is not here") }
      return AttentionLayer.ReadPlace(reader: reader - all.lowerBound, read: group)
    }
  }
}
