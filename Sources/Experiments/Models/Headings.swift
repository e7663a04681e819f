import Engine
package import Graphs
import Reports
import Tensors

extension ComputationGraph {
  /// Its size in words: 2 layers of 5 heads.
  package var size: String {
    "\(Numbers.count(layerCount, "layer")) of \(Numbers.count(headCount, "head"))"
  }
}

extension Transformer {
  /// The line that names a model: its size and how many edges there are.
  func heading(_ graph: ComputationGraph) -> String {
    "\(name): \(graph.size), \(Numbers.count(graph.edgeCount)) edges\(device.heading)"
  }
}
