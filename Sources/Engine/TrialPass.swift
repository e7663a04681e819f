import Graphs
import Tensors

/// One pass of trials from the tried reader to the logits.
struct TrialPass {
  private let trials: ReaderTrials
  private let columns: [[Float]]
  /// The tokens of all trials.
  private let tokens: TokenPlaces
  private var changes: TrialChanges

  init(trials: ReaderTrials, columns: [[Float]]) {
    self.trials = trials
    self.columns = columns
    let batch = trials.run.batch
    tokens = TokenPlaces(batch, copies: columns.count)
    let tokenCount = Int32(batch.tokens.count)
    changes = TrialChanges(
      rows: columns.indices.flatMap { trial in batch.rows.map { Int32(trial) * tokenCount + $0 } },
      keepsEach: trials.plan.keepsEach)
  }

  private var run: MaskedRun { trials.run }
  private var graph: ComputationGraph { run.graph }
  private var state: MaskedState { trials.state }
  private var plan: TrialPlan { trials.plan }

  /// The read of the tried reader, or of a changed one, in all trials: `[trial · token, dModel]` or at rows.
  private func read(_ reader: Int, base: Tensor, isWhole: Bool = true) -> Tensor {
    let visible = 0..<graph.visibleWriterCount(ofReader: reader)
    let deltas = visible.map { writer in
      isWhole ? state.deltas[writer] : state.deltas[writer]?.gatherRows(run.batch.rows)
    }
    let base = isWhole ? base : base.gatherRows(run.batch.rows)
    let spans = isWhole ? run.masks.spans : run.masks.spans(ofRows: run.batch.rows)
    let isTried = reader == trials.reader
    let column = run.masks.column(reader)
    let reads = run.reads(isTried ? columns : [column], of: deltas, base: base, spans)
    guard !isTried else {
      return reads.reshaped([columns.count * base.rowCount, base.columnCount])
    }
    var read = reads.reshaped(base.shape).tiled(columns.count)
    changes.add(
      to: &read, column: column, maskCount: run.masks.masks.count,
      RunMasks.repeated(spans, columns.count), isWhole: isWhole)
    return read
  }

  /// Runs one layer of the model.
  mutating func run(_ layer: Int) {
    let heads = headChanges(layer)
    // A parallel block's MLP does not see its own layer's heads.
    if !graph.isParallel { heads.forEach { changes.add($0) } }
    let mlp = mlpChange(layer)
    if graph.isParallel { heads.forEach { changes.add($0) } }
    if let mlp { changes.add(mlp) }
  }

  // Heads ---------------------------------------------------------------------------------------

  /// What a layer's heads change; each of them by itself or all together.
  private func headChanges(_ layer: Int) -> [TrialChange] {
    let writers = graph.headWriters(layer: layer)
    let heads = writers.filter { plan.writers[$0] }.map { $0 - writers.lowerBound }
    let moved = graph.headReaders(layer: layer).filter { plan.readers[$0] }
    guard !heads.isEmpty, !moved.isEmpty else { return [] }
    let groups = ReadGroups(moved, shares: true) { reader in
      // The tried reader shares its read with nobody.
      reader == trials.reader ? [] : run.masks.column(reader)
    }
    let reads = groups.readers.map { read($0, base: run.ablated.attentionReads[layer]) }
    let attention = run.layers[layer].attention.over(tokens)
    let normal = attention.norm.forward(
      Tensor(stacking: reads).reshaped([reads.count * reads[0].rowCount, graph.dModel])
    ).output
    let z = attention.attendEach(
      inputs(attention, of: heads, moved, layer, normal, groups), heads: heads)
    return changes(attention, of: heads, layer, attention.outputs(z).written)
  }

  /// Queries, keys and values of some heads in all trials, turned by their positions; each head has its own.
  private func inputs(
    _ attention: AttentionLayer, of heads: [Int], _ moved: [Int], _ layer: Int, _ normal: Tensor,
    _ groups: ReadGroups
  ) -> AttentionLayer.Inputs {
    let width = attention.dHead
    let part = { (projection: Reader.Projection) -> Tensor in
      let readers = graph.headReaders(layer: layer, projection)
      let places = groups.places(moved.filter(readers.contains), of: readers)
      // The place of each head's reader among the projection's.
      let sources = heads.map { $0 * readers.count / graph.headCount }
      let known = { self.state.heads[layer][projection].gatherColumnBlocks(sources, width: width) }
      guard !places.isEmpty else { return known().tiled(columns.count) }
      let values = attention.project(
        projection, places, of: readers.count, normal, readCount: groups.columns.count
      ).values
      let fresh = sources.map { source in places.firstIndex { $0.reader == source } }
      guard fresh.contains(nil) else {
        return values.gatherColumnBlocks(fresh.compactMap(\.self), width: width)
      }
      var all = known().tiled(columns.count)
      let targets = fresh.indices.filter { fresh[$0] != nil }
      all.replaceColumnBlocks(
        targets, width: width,
        with: values.gatherColumnBlocks(targets.compactMap { fresh[$0] }, width: width))
      return all
    }
    return AttentionLayer.Inputs(query: part(.query), key: part(.key), value: part(.value))
  }

  /// What heads write less what they write in the one run.
  private func changes(
    _ attention: AttentionLayer, of heads: [Int], _ layer: Int, _ z: Tensor
  ) -> [TrialChange] {
    let (width, first) = (attention.dHead, graph.headWriters(layer: layer).lowerBound)
    let isWhole = heads.contains { plan.isWhole[first + $0] }
    let rows = run.batch.rows
    let ablated = run.ablated.writes.heads[layer].gatherColumnBlocks(heads, width: width)
    let difference =
      (isWhole ? z : z.gatherRows(changes.rows))
      - (isWhole ? ablated : ablated.gatherRows(rows)).tiled(columns.count)
    let state = state
    let known = { (head: Int) -> Tensor? in
      let delta = state.deltas[first + head]
      return isWhole ? delta : delta?.gatherRows(rows)
    }
    if plan.keepsEach {
      return heads.enumerated().map { place, head in
        var change = attention.write(difference, at: place, head: head)
        change.subtract(tiled: known(head))
        return TrialChange(writer: first + head, isWhole: isWhole, value: change)
      }
    }
    var change = attention.write(difference, heads: heads)
    for head in heads { change.subtract(tiled: known(head)) }
    return [TrialChange(writer: first, isWhole: isWhole, value: change)]
  }

  // MLPs and logits -----------------------------------------------------------------------------

  private func mlpChange(_ layer: Int) -> TrialChange? {
    guard let (writer, reader) = graph.mlp(layer: layer), plan.writers[writer],
      plan.readers[reader]
    else { return nil }
    let isWhole = plan.isWhole[writer]
    var change = run.layers[layer].mlp.forward(
      read(reader, base: run.ablated.mlpReads[layer], isWhole: isWhole)
    ).write
    for known in [run.ablated.writes.mlps[layer], state.deltas[writer]] {
      change.subtract(tiled: isWhole ? known : known?.gatherRows(run.batch.rows))
    }
    return TrialChange(writer: writer, isWhole: isWhole, value: change)
  }

  /// The logits of all trials, `[trial · row, outputs]`.
  func logits(of outputs: [Int32]?) -> Tensor {
    run.logitReader.forward(
      read(graph.logitsReader, base: run.ablated.finalRead, isWhole: false), of: outputs
    ).logits
  }
}
