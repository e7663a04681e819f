package import Tensors

/// A matrix and maybe a bias: `y = x · weightᵀ + bias`.
package struct Linear: Sendable, Equatable {
  /// Shape `[output, input]`.
  package var weight: Tensor
  /// Shape `[output]`.
  package var bias: Tensor?

  package init(weight: Tensor, bias: Tensor? = nil) {
    self.weight = weight
    self.bias = bias
  }

  /// - Parameter x: `[token, input]`.
  /// - Returns: `[token, output]`.
  package func forward(_ x: Tensor) -> Tensor {
    var y = Tensor.product(x.matrix, weight.matrix.transposed)
    y.add(row: bias)
    return y
  }

  /// The part that makes some of the outputs.
  func rows(_ outputs: [Int32]) -> Linear {
    Linear(
      weight: weight.gatherRows(outputs),
      bias: bias.map { $0.reshaped([$0.count, 1]).gatherRows(outputs).reshaped([outputs.count]) })
  }

  /// The gradient with respect to `x`, `[token, input]`.
  package func backward(_ dy: Tensor) -> Tensor { .product(dy.matrix, weight.matrix) }

  /// Adds the gradients with respect to weight and bias to `gradient`'s own.
  func addGradients(_ dy: Tensor, x: Tensor, to gradient: inout Linear) {
    let target = gradient.weight.layout
    gradient.weight.add([MatrixProduct(dy.matrix.transposed, x.matrix, into: target)])
    gradient.bias?.add(dy.rowSum())
  }

  /// Each tensor replaced, bias after weight.
  func map(_ transform: (Tensor) -> Tensor) -> Linear {
    Linear(weight: transform(weight), bias: bias.map(transform))
  }
}

/// The weights of one layer's attention.
package struct AttentionWeights: Sendable, Equatable {
  /// Shape `[head · dHead, dModel]`.
  package var query: Linear
  /// Shape `[keyValueHead · dHead, dModel]`.
  package var key: Linear
  /// Shape `[keyValueHead · dHead, dModel]`.
  package var value: Linear
  /// Shape `[dModel, head · dHead]`.
  package var output: Linear
  /// The norm of queries before they are turned, of models that have one: scales `[dHead]` for all heads, or
  /// `[head · dHead]`.
  package var queryNorm: Normalization?
  /// The norm of keys: scales `[dHead]`, or `[keyValueHead · dHead]`.
  package var keyNorm: Normalization?

  package init(
    query: Linear, key: Linear, value: Linear, output: Linear, queryNorm: Normalization? = nil,
    keyNorm: Normalization? = nil
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.queryNorm = queryNorm
    self.keyNorm = keyNorm
  }
}

/// The weights of one layer's MLP.
package struct MLPWeights: Sendable, Equatable {
  /// Shape `[dMLP, dModel]`, of gated MLPs.
  package var gate: Linear?
  /// Shape `[dMLP, dModel]`.
  package var up: Linear
  /// Shape `[dModel, dMLP]`.
  package var down: Linear

  package init(gate: Linear?, up: Linear, down: Linear) {
    self.gate = gate
    self.up = up
    self.down = down
  }
}

/// The weights of one layer.
package struct BlockWeights: Sendable, Equatable {
  package var attentionNorm: Normalization
  package var attention: AttentionWeights
  /// The norm of what all heads write together, of models that have one: RMSNorm, and then no output bias.
  package var attentionOutputNorm: Normalization?
  package var mlpNorm: Normalization
  package var mlp: MLPWeights
  /// The norm of what the MLP writes, of models that have one.
  package var mlpOutputNorm: Normalization?

  package init(
    attentionNorm: Normalization, attention: AttentionWeights,
    attentionOutputNorm: Normalization? = nil, mlpNorm: Normalization, mlp: MLPWeights,
    mlpOutputNorm: Normalization? = nil
  ) {
    precondition(
      attentionOutputNorm.map { $0.kind == .rootMeanSquare && attention.output.bias == nil }
        ?? true,
      "a norm of what heads write that centres, or of a bias that belongs to none of them")
    self.attentionNorm = attentionNorm
    self.attention = attention
    self.attentionOutputNorm = attentionOutputNorm
    self.mlpNorm = mlpNorm
    self.mlp = mlp
    self.mlpOutputNorm = mlpOutputNorm
  }
}

/// All weights of a transformer; also their gradients, which have the same shapes.
package struct TransformerWeights: Sendable, Equatable {
  /// Shape `[token, dModel]`.
  package var tokenEmbedding: Tensor
  /// Shape `[position, dModel]`, of models with learned positions.
  package var positionEmbedding: Tensor?
  package var blocks: [BlockWeights]
  package var finalNorm: Normalization
  /// Shape `[token, dModel]`; shares the token embedding's memory when the two are tied.
  package var unembedding: Linear

  package init(
    tokenEmbedding: Tensor, positionEmbedding: Tensor?, blocks: [BlockWeights],
    finalNorm: Normalization, unembedding: Linear
  ) {
    self.tokenEmbedding = tokenEmbedding
    self.positionEmbedding = positionEmbedding
    self.blocks = blocks
    self.finalNorm = finalNorm
    self.unembedding = unembedding
  }
}

// All tensors of some weights -----------------------------------------------------------------

extension Normalization {
  package func map(_ transform: (Tensor) -> Tensor) -> Normalization {
    Normalization(
      scale: transform(scale), bias: bias.map(transform), epsilon: epsilon, kind: kind)
  }
}

extension BlockWeights {
  package func map(_ transform: (Tensor) -> Tensor) -> BlockWeights {
    BlockWeights(
      attentionNorm: attentionNorm.map(transform),
      attention: AttentionWeights(
        query: attention.query.map(transform), key: attention.key.map(transform),
        value: attention.value.map(transform), output: attention.output.map(transform),
        queryNorm: attention.queryNorm?.map(transform), keyNorm: attention.keyNorm?.map(transform)),
      attentionOutputNorm: attentionOutputNorm?.map(transform), mlpNorm: mlpNorm.map(transform),
      mlp: MLPWeights(
        gate: mlp.gate?.map(transform), up: mlp.up.map(transform), down: mlp.down.map(transform)),
      mlpOutputNorm: mlpOutputNorm?.map(transform))
  }
}

extension TransformerWeights {
  /// Each tensor replaced, in the order of a run.
  package func map(_ transform: (Tensor) -> Tensor) -> TransformerWeights {
    TransformerWeights(
      tokenEmbedding: transform(tokenEmbedding),
      positionEmbedding: positionEmbedding.map(transform),
      blocks: blocks.map { $0.map(transform) }, finalNorm: finalNorm.map(transform),
      unembedding: unembedding.map(transform))
  }

  /// Zeros of the weights' shapes, where their gradients start.
  var zeros: TransformerWeights { map { Tensor(zeros: $0.shape, on: $0.device) } }
}
