package import Engine
package import Graphs
import Tensors

extension Transformer {
  /// The same model with MLPs that write nothing.
  ///
  /// - Parameter isNamed: Whether its graph names them.
  /// - Returns: The model.
  package func silencingMLPs(named isNamed: Bool) -> Transformer {
    var (weights, configuration) = (weights, configuration)
    for layer in weights.blocks.indices {
      let down = weights.blocks[layer].mlp.down
      weights.blocks[layer].mlp.down = Linear(
        weight: Tensor(zeros: down.weight.shape), bias: down.bias.map { Tensor(zeros: $0.shape) })
    }
    configuration.hasMLPs = isNamed
    return Transformer(name: name, configuration: configuration, weights: weights)
  }
}

extension ComputationGraph {
  /// The places in this graph, which has MLPs, of the edges of one that lacks them, in canonical order of that.
  package func offsets(ofEdgesIn graph: ComputationGraph) -> [Int] {
    graph.edgeOffsets.compactMap { offset(of: graph.edge(at: $0)) }
  }
}
