package import Engine
package import Graphs
import Models

extension MaskedRun {
  /// A run whose ablated values belong to it alone.
  package init(_ model: Transformer, batch: TokenBatch, mask: EdgeMask, ablated: CompactWrites) {
    self.init(
      model, batch: batch, mask: mask, ablated: AblatedStream(ablated, model: model))
  }
}
