public import Graphs
public import Tensors

/// A run with every edge intact, to look into: what every writer wrote and every reader read, where heads looked, and
/// the gradients at reads.
///
/// Tensors have a `token` axis that walks through all prompts of the batch, one after another; `TokenBatch.prompts`
/// says which tokens are whose.
///
/// ```swift
/// let run = Activations(of: model, on: TokenBatch([[3, 5, 9, 3]]))
/// let write = run.write(of: .head(layer: 1, index: 2))    // [token, dModel]
/// let pattern = run.patterns(ofHead: 2, layer: 1)[0]      // [query, key]
/// ```
public struct Activations {
  /// The model.
  public let model: Transformer
  /// The prompts.
  public let batch: TokenBatch
  private let run: PlainRun
  private let result: PlainRun.TapedResult

  /// Runs prompts.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - batch: The prompts, and where their logits are read.
  /// - Complexity: One forward pass, whose values are all kept.
  public init(of model: Transformer, on batch: TokenBatch) {
    self.model = model
    self.batch = batch
    run = PlainRun(model, batch: batch)
    result = run.taped()
  }

  /// The logits, `[row, output]`, a row for each of the batch's `rows`.
  public var logits: Tensor { result.logits }

  /// What a writer adds to the residual stream.
  ///
  /// The output biases of attention belong to no writer: with them, the writes that a reader sees sum up to what
  /// it reads.
  ///
  /// - Parameter writer: A writer of the model's graph.
  /// - Returns: Its write, `[token, dModel]`.
  public func write(of writer: Writer) -> Tensor {
    switch writer {
    case .input: result.writes.input
    case .mlp(let layer): result.writes.mlps[layer]
    case .head(let layer, let index):
      run.layers[layer].attention.write(result.writes.heads[layer], at: index, head: index)
    }
  }

  /// What a reader takes from the residual stream, before its norm.
  ///
  /// - Parameter reader: A reader of the model's graph.
  /// - Returns: Its read, `[token, dModel]`.
  public func read(of reader: Reader) -> Tensor {
    switch reader {
    case .head(let layer, _, _): result.tape.layers[layer].attention.read
    case .mlp(let layer): result.tape.layers[layer].mlp.read
    case .logits: run.stream(result)
    }
  }

  /// Where a head looks.
  ///
  /// - Parameters:
  ///   - head: The head.
  ///   - layer: Its layer.
  /// - Returns: For each prompt the attention pattern, `[query, key]`, whose rows sum up to 1.
  public func patterns(ofHead head: Int, layer: Int) -> [Tensor] {
    run.layers[layer].attention.patterns(
      result.tape.layers[layer].attention.inputs, head: head, of: batch)
  }

  /// The gradients at all reads, from that of the logits.
  ///
  /// - Parameter dlogits: `[row, output]`, as a `DifferentiableMetric` gives it.
  /// - Returns: The gradients.
  /// - Complexity: One backward pass.
  public func gradients(from dlogits: Tensor) -> ReadGradients {
    precondition(dlogits.shape == logits.shape, "gradients \(dlogits.shape) of \(logits.shape)")
    return ReadGradients(
      model: model, layers: run.layers, gradients: run.backward(dlogits, result.tape))
  }
}

/// The gradients of a run at what its readers read.
public struct ReadGradients {
  fileprivate let model: Transformer
  fileprivate let layers: [Layer]
  fileprivate let gradients: ReaderGradients

  /// The gradient at a reader's own read, all other reads held as they are but for what follows from this one.
  ///
  /// Its product with a difference of writes, `⟨a_w − ã_w, ∂L/∂read(r)⟩`, is the edge's score by attribution patching.
  ///
  /// - Parameter reader: A reader of the model's graph.
  /// - Returns: The gradient, `[token, dModel]`.
  public func at(_ reader: Reader) -> Tensor {
    switch reader {
    case .logits: gradients.logits
    case .mlp(let layer): gradients.layers[layer].mlp
    case .head(let layer, let index, let projection):
      layers[layer].attention.gradient(
        gradients.layers[layer], index, projection, of: model.graph)
    }
  }
}
