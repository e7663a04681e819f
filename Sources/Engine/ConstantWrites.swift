import Graphs
package import Tensors

/// A constant for each writer in place of what it writes, the same at every token, as numbers in a row.
///
/// They are those of one row of ``CompactWrites``, tensor after tensor, so that a head's constant lies in what its
/// output matrix can write.
package struct ConstantWrites: Sendable {
  private let model: Transformer

  /// Describes the constants of a model.
  package init(_ model: Transformer) { self.model = model }

  /// How many numbers each tensor has.
  private var widths: [Int] {
    let (configuration, layers) = (model.configuration, model.configuration.layerCount)
    let heads = configuration.headCount * configuration.dHead
    return [configuration.dModel] + [Int](repeating: heads, count: layers)
      + [Int](repeating: configuration.dModel, count: layers)
  }

  /// How many numbers there are.
  package var count: Int { widths.reduce(0, +) }

  /// One row of writes, on the model's device.
  package func writes(_ numbers: [Double]) -> CompactWrites {
    precondition(numbers.count == count, "\(numbers.count) numbers for \(count)")
    var start = 0
    return CompactWrites(
      tensors: widths.map { width in
        defer { start += width }
        return Tensor(
          numbers[start..<(start + width)].map { Float($0) }, shape: [1, width], on: model.device)
      })
  }

  /// The numbers of one row of writes.
  package func numbers(_ writes: CompactWrites) -> [Double] {
    writes.tensors.flatMap { $0.values().map(Double.init) }
  }

  /// The gradient of the numbers, from that with respect to what ablated edges carry at each token.
  ///
  /// - Parameter ablated: `[writer, token, dModel]`, see ``MaskedGradients/ablated``.
  /// - Returns: A number for each; a head's are `∂L/∂ã_w` summed over tokens, times its output matrix.
  package func gradient(_ ablated: Tensor) -> [Double] {
    let graph = model.graph
    let sums = (0..<graph.writerCount).map { writer in
      ablated.slice(block: writer).rowSum().reshaped([1, graph.dModel])
    }
    let heads = model.layers().enumerated().map { index, layer in
      layer.attention.backward(
        writes: Tensor(stacking: Array(sums[graph.headWriters(layer: index)])))
    }
    let mlps = (0..<graph.layerCount).map { layer in
      graph.mlp(layer: layer).map { sums[$0.writer] }
        ?? Tensor(zeros: sums[0].shape, on: ablated.device)
    }
    return numbers(CompactWrites(input: sums[0], heads: heads, mlps: mlps))
  }
}
