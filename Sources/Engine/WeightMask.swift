package import Tensors

/// Which of a model's weights are there: for each number of the matrices and biases of its layers, true or false.
///
/// Embeddings, norms and the unembedding have no masks (arXiv 2407.03779).
package struct WeightMask: Sendable, Equatable {
  /// For each matrix or bias, in the order of ``Transformer/layerWeights``, one value for each number.
  package let values: [[Bool]]

  package init(_ values: [[Bool]]) { self.values = values }

  /// How many weights are there.
  package var keptCount: Int { values.reduce(0) { $0 + $1.count(where: \.self) } }
  /// How many weights have a mask.
  package var count: Int { values.reduce(0) { $0 + $1.count } }
}

extension Transformer {
  /// The matrices and biases of the layers, those that a weight mask is over, with their names.
  package var layerWeights: [(name: String, tensor: Tensor)] {
    weights.layerWeights
  }

  /// The model with the matrices and biases of its layers multiplied, number by number.
  ///
  /// - Parameter factors: For each of ``layerWeights`` a factor for each number.
  /// - Returns: The model with Float32 weights.
  package func scaled(by factors: [[Float]]) -> Transformer {
    var place = 0
    return with(
      weights.mapLayers { tensor in
        defer { place += 1 }
        precondition(factors[place].count == tensor.count, "factors of another model")
        var values = tensor.values()
        for (index, factor) in factors[place].enumerated() { values[index] *= factor }
        return Tensor(values, shape: tensor.shape, on: tensor.device)
      })
  }

  /// The model with some of its weights.
  package func masked(by mask: WeightMask) -> Transformer {
    scaled(by: mask.values.map { $0.map { $0 ? 1 : 0 } })
  }
}

extension TransformerWeights {
  /// The matrices and biases of the layers, with their names.
  package var layerWeights: [(name: String, tensor: Tensor)] {
    blocks.enumerated().flatMap { layer, block in
      block.linears.flatMap { name, linear in
        let prefix = "layers.\(layer).\(name)"
        return [(prefix + ".weight", linear.weight)]
          + [linear.bias.map { (prefix + ".bias", $0) }].compactMap(\.self)
      }
    }
  }

  /// The layers' matrices and biases replaced, in the order of ``layerWeights``.
  fileprivate func mapLayers(_ transform: (Tensor) -> Tensor) -> TransformerWeights {
    var copy = self
    for layer in copy.blocks.indices {
      for path in BlockWeights.linearPaths {
        copy.blocks[layer][keyPath: path] = copy.blocks[layer][keyPath: path].map(transform)
      }
      copy.blocks[layer].mlp.gate = copy.blocks[layer].mlp.gate.map { $0.map(transform) }
    }
    return copy
  }
}

extension BlockWeights {
  fileprivate static var linearPaths: [WritableKeyPath<BlockWeights, Linear>] {
    [
      \.attention.query, \.attention.key, \.attention.value, \.attention.output, \.mlp.up,
      \.mlp.down,
    ]
  }

  /// What a layer multiplies by, with names, in the order of ``linearPaths`` and then the gate.
  fileprivate var linears: [(name: String, linear: Linear)] {
    let names = ["query", "key", "value", "output", "up", "down"]
    return zip(names, Self.linearPaths).map { ($0, self[keyPath: $1]) }
      + [mlp.gate.map { ("gate", $0) }].compactMap(\.self)
  }
}
