package import Graphs
import Tensors

/// The values inside of a masked run, from which a run at another mask goes on.
///
/// What the other mask leaves as it was is not computed again. A value is stale when the run that
/// left this state did not need it.
package struct MaskedState: Sendable {
  /// The masks of the run; all zero where every edge was ablated.
  var masks: RunMasks
  /// For each writer `a − ã`, `[token, dModel]`; nil where it is zero.
  var deltas: [Tensor?]
  /// For each layer, queries, keys and values turned by their positions.
  var heads: [AttentionLayer.Inputs]
  /// For each writer, whether ``deltas`` is out of date.
  var staleWriters: [Bool]
  /// For each reader, whether ``heads`` is out of date; of no meaning for MLPs and `logits`.
  var staleReaders: [Bool]

  /// The state before anything was run.
  init(graph: ComputationGraph, model: Transformer, tokenCount: Int) {
    let width = model.configuration.dHead
    let tensor = { (count: Int) in Tensor(zeros: [tokenCount, count * width], on: model.device) }
    let shared = tensor(graph.keyValueReaderCount)
    let inputs = AttentionLayer.Inputs(query: tensor(graph.headCount), key: shared, value: shared)
    masks = RunMasks(EdgeMask(0, graph: graph), tokenCount: tokenCount)
    deltas = [Tensor?](repeating: nil, count: graph.writerCount)
    heads = [AttentionLayer.Inputs](repeating: inputs, count: graph.layerCount)
    staleWriters = [Bool](repeating: true, count: graph.writerCount)
    staleReaders = [Bool](repeating: true, count: graph.readerCount)
  }

  /// The state of a plain run at a mask of one value.
  private init(
    _ tape: PlainRun.Tape, mask: EdgeMask, deltas: [Tensor?], model: Transformer
  ) {
    let (graph, width) = (mask.graph, model.configuration.dHead)
    // Heads that share a key have a reader each, unless the graph groups them.
    let copies = graph.keyValueReaderCount / model.configuration.keyValueHeadCount
    let readers = (0..<graph.keyValueReaderCount).map { $0 / copies }
    masks = RunMasks(mask, tokenCount: tape.layers[0].attention.read.rowCount)
    self.deltas = deltas
    heads = tape.layers.map { layer in
      let perReader = { (shared: Tensor) in
        copies == 1 ? shared : shared.gatherColumnBlocks(readers, width: width)
      }
      let inputs = layer.attention.inputs
      return AttentionLayer.Inputs(
        query: inputs.query, key: perReader(inputs.key), value: perReader(inputs.value))
    }
    staleWriters = [Bool](repeating: false, count: graph.writerCount)
    staleReaders = [Bool](repeating: false, count: graph.readerCount)
  }

  /// The state in which every edge carries the values of a plain run: that of resampling from it.
  ///
  /// - Parameters:
  ///   - corrupted: The tape of the run on the corrupted prompts.
  ///   - graph: The model's graph, maybe with grouped keys and values.
  ///   - model: The model.
  package init(resampling corrupted: PlainRun.Tape, graph: ComputationGraph, model: Transformer) {
    self.init(
      corrupted, mask: EdgeMask(0, graph: graph),
      deltas: [Tensor?](repeating: nil, count: graph.writerCount), model: model)
    // The clean prompt's input differs from the corrupted one's.
    staleWriters[0] = true
  }

  /// The state in which every edge is intact: that of a plain run on the clean prompts.
  ///
  /// - Parameters:
  ///   - clean: That run.
  ///   - ablated: What ablated edges carry.
  ///   - graph: The model's graph, maybe with grouped keys and values.
  ///   - model: The model.
  /// - Complexity: One product with each layer's output matrix.
  package init(
    intact clean: PlainRun.TapedResult, ablated: AblatedStream, graph: ComputationGraph,
    model: Transformer
  ) {
    let difference = clean.writes - ablated.writes
    var deltas: [Tensor?] = [difference.input]
    for (index, layer) in model.layers().enumerated() {
      for head in 0..<graph.headCount {
        deltas.append(layer.attention.write(difference.heads[index], at: head, head: head))
      }
      if graph.hasMLPs { deltas.append(difference.mlps[index]) }
    }
    self.init(clean.tape, mask: EdgeMask(1, graph: graph), deltas: deltas, model: model)
  }

  /// Becomes the state of a run at other masks, whose planned values are about to be computed.
  mutating func adopt(_ masks: RunMasks, _ plan: MaskedPlan) {
    self.masks = masks
    staleWriters = plan.staleWriters
    staleReaders = plan.staleReaders
  }
}
