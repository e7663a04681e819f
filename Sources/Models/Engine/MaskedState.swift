package import Graphs
import Tensors

/// The values inside of a masked run, from which a run at another mask goes on.
///
/// What the other mask leaves as it was is not computed again. A value is stale when the run that
/// left this state did not need it.
package struct MaskedState: Sendable {
  /// The mask of the run; all zero where every edge was ablated.
  var mask: EdgeMask
  /// For each writer `a − ã`, `[token, dModel]`; nil where it is zero.
  var deltas: [Tensor?]
  /// For each layer, queries, keys and values turned by their positions.
  var heads: [HeadAttention.Inputs]
  /// For each writer, whether ``deltas`` is out of date.
  var staleWriters: [Bool]
  /// For each reader, whether ``heads`` is out of date; of no meaning for MLPs and `logits`.
  var staleReaders: [Bool]

  /// The state before anything was run.
  init(graph: ComputationGraph, model: Transformer, tokenCount: Int) {
    let width = model.configuration.dHead
    let tensor = { (count: Int) in Tensor(zeros: [tokenCount, count * width]) }
    let shared = tensor(graph.keyValueReaderCount)
    let inputs = HeadAttention.Inputs(query: tensor(graph.headCount), key: shared, value: shared)
    mask = EdgeMask(0, graph: graph)
    deltas = [Tensor?](repeating: nil, count: graph.writerCount)
    heads = [HeadAttention.Inputs](repeating: inputs, count: graph.layerCount)
    staleWriters = [Bool](repeating: true, count: graph.writerCount)
    staleReaders = [Bool](repeating: true, count: graph.readerCount)
  }

  /// The state in which every edge carries the values of a plain run: that of resampling from it.
  ///
  /// - Parameters:
  ///   - corrupted: The tape of the run on the corrupted prompts.
  ///   - graph: The model's graph, maybe with grouped keys and values.
  ///   - model: The model.
  package init(resampling corrupted: PlainRun.Tape, graph: ComputationGraph, model: Transformer) {
    let width = model.configuration.dHead
    // Heads that share a key have a reader each, unless the graph groups them.
    let copies = graph.keyValueReaderCount / model.configuration.keyValueHeadCount
    let readers = (0..<graph.keyValueReaderCount).map { $0 / copies }
    mask = EdgeMask(0, graph: graph)
    deltas = [Tensor?](repeating: nil, count: graph.writerCount)
    heads = corrupted.layers.map { layer in
      HeadAttention.Inputs(
        query: layer.heads.query,
        key: copies == 1
          ? layer.heads.key : layer.heads.key.gatherColumnBlocks(readers, width: width),
        value: copies == 1
          ? layer.heads.value : layer.heads.value.gatherColumnBlocks(readers, width: width))
    }
    staleWriters = [Bool](repeating: false, count: graph.writerCount)
    staleReaders = [Bool](repeating: false, count: graph.readerCount)
    // The clean prompt's input differs from the corrupted one's.
    staleWriters[0] = true
  }

  /// Becomes the state of a run at another mask, whose planned values are about to be computed.
  mutating func adopt(_ mask: EdgeMask, _ plan: MaskedPlan) {
    self.mask = mask
    staleWriters = plan.staleWriters
    staleReaders = plan.staleReaders
  }
}
