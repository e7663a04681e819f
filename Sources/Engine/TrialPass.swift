import Graphs
import Tensors

/// One pass of trials from the tried reader to the logits.
struct TrialPass {
  private let trials: ReaderTrials
  private let columns: [[Float]]
  private var changes: TrialChanges

  init(trials: ReaderTrials, columns: [[Float]]) {
    self.trials = trials
    self.columns = columns
    let batch = trials.run.batch
    let tokenCount = Int32(batch.tokens.count)
    changes = TrialChanges(
      rows: columns.indices.flatMap { trial in batch.rows.map { Int32(trial) * tokenCount + $0 } },
      keepsEach: trials.plan.keepsEach)
  }

  private var run: MaskedRun { trials.run }
  private var graph: ComputationGraph { run.graph }
  private var model: Transformer { run.model }
  private var state: MaskedState { trials.state }
  private var plan: TrialPlan { trials.plan }

  /// The read of the tried reader, or of a changed one, in all trials: `[trial · token, dModel]` or at rows.
  private func read(_ reader: Int, base: Tensor, isWhole: Bool = true) -> Tensor {
    let visible = 0..<graph.visibleWriterCount(ofReader: reader)
    let deltas = visible.map { writer in
      isWhole ? state.deltas[writer] : state.deltas[writer]?.gatherRows(run.batch.rows)
    }
    let base = isWhole ? base : base.gatherRows(run.batch.rows)
    let isTried = reader == trials.reader
    let reads = run.reads(
      isTried ? columns : [run.column(reader)], of: deltas, base: base, intactRows: [])
    guard !isTried else {
      return reads.reshaped([columns.count * base.rowCount, base.columnCount])
    }
    var read = reads.reshaped(base.shape).tiled(columns.count)
    changes.add(to: &read, column: run.column(reader), isWhole: isWhole)
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
      reader == trials.reader ? [] : run.column(reader)
    }
    let reads = groups.readers.map { read($0, base: run.ablated.attentionReads[layer]) }
    let normal = model.weights.blocks[layer].attentionNorm.forward(
      Tensor(stacking: reads).reshaped([reads.count * reads[0].rowCount, graph.dModel])
    ).output
    let z = attention(heads).forward(inputs(of: heads, moved, layer, normal, groups))
    return changes(of: heads, layer, z)
  }

  /// Attention of some heads over the prompts of all trials, each head with a key and value of its own.
  private func attention(_ heads: [Int]) -> HeadAttention {
    let own = run.attention
    let (length, count) = (Int32(run.batch.tokens.count), columns.count)
    let starts = (0..<count).flatMap { trial in
      own.attention.starts.dropLast().map { $0 + Int32(trial) * length }
    }
    return HeadAttention(
      attention: PromptAttention(
        starts: starts + [Int32(count) * length], headCount: heads.count,
        keyValueHeadCount: heads.count, scale: own.attention.scale,
        isCausal: own.attention.isCausal),
      positions: [Int32]([[Int32]](repeating: own.positions, count: count).joined()),
      rotary: own.rotary)
  }

  /// Queries, keys and values of some heads in all trials, turned by their positions.
  private func inputs(
    of heads: [Int], _ moved: [Int], _ layer: Int, _ normal: Tensor, _ groups: ReadGroups
  ) -> HeadAttention.Inputs {
    let width = model.configuration.dHead
    let part = { (projection: Reader.Projection) -> Tensor in
      let readers = graph.headReaders(layer: layer, projection)
      let places = moved.filter(readers.contains).map { $0 - readers.lowerBound }
      // The place of each head's reader among the projection's.
      let sources = heads.map { $0 * readers.count / graph.headCount }
      let known = { self.state.heads[layer][projection].gatherColumnBlocks(sources, width: width) }
      guard !places.isEmpty else { return known().tiled(columns.count) }
      var values = model.project(
        places, of: readers, projection, layer: layer, normal, groups)
      if projection != .value {
        attention(places).rotate(&values, headCount: places.count)
      }
      let fresh = sources.map { places.firstIndex(of: $0) }
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
    return HeadAttention.Inputs(query: part(.query), key: part(.key), value: part(.value))
  }

  /// What heads write, `z · W_O`, less what they write in the one run.
  private func changes(of heads: [Int], _ layer: Int, _ z: Tensor) -> [TrialChange] {
    let (width, first) = (model.configuration.dHead, graph.headWriters(layer: layer).lowerBound)
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
        var change = model.headWrite(difference, at: place, head: head, layer: layer)
        change.subtract(tiled: known(head))
        return TrialChange(writer: first + head, isWhole: isWhole, value: change)
      }
    }
    let output = model.weights.blocks[layer].attention.output.weight
    var change = Tensor.product(
      difference.matrix, output.gatherColumnBlocks(heads, width: width).matrix.transposed)
    for head in heads { change.subtract(tiled: known(head)) }
    return [TrialChange(writer: first, isWhole: isWhole, value: change)]
  }

  // MLPs and logits -----------------------------------------------------------------------------

  private func mlpChange(_ layer: Int) -> TrialChange? {
    let (writer, reader) = (graph.mlpWriter(layer: layer), graph.mlpReader(layer: layer))
    guard plan.writers[writer], plan.readers[reader] else { return nil }
    let isWhole = plan.isWhole[writer]
    let block = model.weights.blocks[layer]
    let normal = block.mlpNorm.forward(
      read(reader, base: run.ablated.mlpReads[layer], isWhole: isWhole)
    ).output
    var change = block.mlp.forward(normal, model.configuration.activation).write
    for known in [run.ablated.writes.mlps[layer], state.deltas[writer]] {
      change.subtract(tiled: isWhole ? known : known?.gatherRows(run.batch.rows))
    }
    return TrialChange(writer: writer, isWhole: isWhole, value: change)
  }

  /// The logits of all trials, `[trial · row, outputs]`.
  func logits(of outputs: [Int32]?) -> Tensor {
    let read = read(graph.logitsReader, base: run.ablated.finalRead, isWhole: false)
    let normal = model.weights.finalNorm.forward(read).output
    let unembedding = model.weights.unembedding
    return (outputs.map(unembedding.rows) ?? unembedding).forward(normal)
  }
}
