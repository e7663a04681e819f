import Engine
import Files
import Foundation
import Graphs
import Methods

extension MethodChoice {
  /// The file of edges that the method is told to look at; nil for none.
  var edgesFile: URL? { edgesSource.map(CircuitSource.circuitFile) }

  private var edgesSource: URL? { values[ExactPatching.among.name].map { URL(path: $0) } }

  /// The options of the method, with the edges of the file that it names.
  ///
  /// - Throws: ``ExperimentError`` when that file names no circuit of the graph.
  func options(
    seed: UInt64, _ graph: ComputationGraph, _ model: Transformer
  ) throws -> MethodOptions {
    guard let source = edgesSource else { return options(seed: seed) }
    guard let circuit = try CircuitSource.contents(source, model).circuit else {
      throw ExperimentError(
        "\(source.path): expected a circuit for among, and the file has scores only.")
    }
    guard circuit.graph == graph else {
      throw ExperimentError(
        "\(source.path): it groups keys and values in another way than this run does.")
    }
    return options(seed: seed, edges: circuit.edges)
  }
}
