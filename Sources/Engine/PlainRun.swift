package import Tensors

/// The plain engine: a run with every edge intact, and its gradients at every reader's read.
///
/// All readers of a layer share one read, the residual stream. Equal to ``MaskedRun`` at mask 1.
package struct PlainRun {
  let model: Transformer
  package let batch: TokenBatch
  let layers: [Layer]
  let logitReader: LogitReader
  /// Whether the last layer is run only where logits are wanted.
  let isMeasuredOnly: Bool

  /// - Parameters:
  ///   - model: The model.
  ///   - batch: The prompts, or their ends.
  ///   - cache: Keys and values of the tokens before those; nil when the prompts are whole.
  ///   - rules: How gradients pass in the backward.
  ///   - isMeasuredOnly: Whether the last layer writes only where the batch's logits are wanted: its heads from
  ///     each prompt's first measured token on, its MLP at measured ones; elsewhere, where nobody reads them, its
  ///     writes are then zero.
  package init(
    _ model: Transformer, batch: TokenBatch, cache: KeyValueCache? = nil,
    rules: BackwardRules = .exact, isMeasuredOnly: Bool = false
  ) {
    precondition(batch.continues(cache), "a cache of other prompts")
    self.model = model
    self.batch = batch
    self.isMeasuredOnly = isMeasuredOnly
    var layers = model.layers(TokenPlaces(batch), cache: cache, rules: rules)
    if isMeasuredOnly, let last = layers.indices.last {
      layers[last].attention = layers[last].attention.over(
        TokenPlaces(batch).queried(fromFirstOf: batch.rows))
    }
    self.layers = layers
    logitReader = model.logitReader(rules)
  }

  /// What the backward needs of one layer.
  struct LayerTape {
    let attention: AttentionLayer.Tape
    let outputs: AttentionLayer.NormTape?
    let mlp: MLPLayer.Tape
  }

  /// What the backward needs of the whole run.
  package struct Tape {
    fileprivate(set) var layers: [LayerTape]
    let final: LogitReader.Tape
    let rows: [Int32]
  }

  /// A write that a run is given instead of computing it; no gradient flows through it.
  package enum GivenWrite {
    /// The write of `input`, `[token, dModel]`.
    case input(Tensor)
    /// The outputs of a layer's heads before their output matrices, `[token, head · dHead]`.
    case heads(Tensor, layer: Int)
    /// The write of a layer's MLP, `[token, dModel]`.
    case mlp(Tensor, layer: Int)

    /// The first layer that runs differently.
    var layer: Int {
      switch self {
      case .input: 0
      case .heads(_, let layer), .mlp(_, let layer): layer
      }
    }

    func isHeads(of layer: Int) -> Bool { if case .heads(_, layer) = self { true } else { false } }
    func isMLP(of layer: Int) -> Bool { if case .mlp(_, layer) = self { true } else { false } }
  }

  /// The outcome of a forward pass.
  package struct Result {
    /// Shape `[row, vocabulary]`.
    package let logits: Tensor
    package let writes: CompactWrites
  }

  /// The outcome of a forward pass that a backward may follow.
  package struct TapedResult {
    package let result: Result
    package let tape: Tape
    /// Shape `[row, vocabulary]`.
    package var logits: Tensor { result.logits }
    package var writes: CompactWrites { result.writes }
  }

  /// Runs the prompts.
  ///
  /// - Parameter rows: The tokens whose logits are wanted; nil for the batch's own.
  /// - Returns: Logits and writes.
  package func forward(rows: [Int32]? = nil) -> Result {
    precondition(!isMeasuredOnly || rows == nil, "other rows than the batch's own")
    let rows = rows ?? batch.rows
    var pass = Pass(stream: model.embed(batch))
    for layer in layers.indices { _ = run(layer, given: nil, rows, &pass) }
    return finish(pass, rows).result
  }

  /// Runs the prompts and keeps what ``backward(_:_:given:holding:)`` needs.
  ///
  /// - Parameters:
  ///   - given: A write that is not computed; nil to compute all.
  ///   - start: A run without it: what lies below is not computed again.
  ///   - rows: The tokens whose logits are wanted; nil for the batch's own.
  /// - Returns: Logits, writes and the tape.
  package func taped(
    given: GivenWrite? = nil, from start: TapedResult? = nil, rows: [Int32]? = nil
  ) -> TapedResult {
    precondition(!isMeasuredOnly || rows == nil, "other rows than the batch's own")
    let rows = rows ?? batch.rows
    let first = start == nil ? 0 : given?.layer ?? 0
    var pass: Pass
    var tapes: [LayerTape] = []
    if let start, first > 0 {
      pass = Pass(from: start, upTo: first)
      tapes = Array(start.tape.layers.prefix(first))
    } else if case .input(let write) = given {
      pass = Pass(stream: write)
    } else {
      pass = Pass(stream: model.embed(batch))
    }
    for layer in first..<layers.count { tapes.append(run(layer, given: given, rows, &pass)) }
    let (result, final) = finish(pass, rows)
    return TapedResult(result: result, tape: Tape(layers: tapes, final: final, rows: rows))
  }

  /// The keys and values of each layer.
  func keysAndValues() -> [KeyValueCache.Layer] {
    var pass = Pass(stream: model.embed(batch))
    return layers.indices.map { index in
      let inputs =
        index == layers.count - 1
        ? layers[index].attention.inputs(pass.stream).inputs
        : run(index, given: nil, batch.rows, &pass).attention.inputs
      pass.forgetWrites()
      return KeyValueCache.Layer(key: inputs.key, value: inputs.value)
    }
  }

  /// The residual stream on its way up, and what was written to it.
  struct Pass {
    var stream: Tensor
    var writes: CompactWrites

    init(stream: Tensor) {
      self.stream = stream
      writes = CompactWrites(input: stream, heads: [], mlps: [])
    }

    /// Lets go of what layers wrote, where only the stream is wanted.
    mutating func forgetWrites() { (writes.heads, writes.mlps) = ([], []) }

    init(from start: TapedResult, upTo layer: Int) {
      stream = start.tape.layers[layer].attention.read
      writes = CompactWrites(
        input: start.writes.input, heads: Array(start.writes.heads.prefix(layer)),
        mlps: Array(start.writes.mlps.prefix(layer)))
    }
  }

  /// Runs one layer, adding its writes to the residual stream.
  func run(
    _ index: Int, given: GivenWrite?, _ rows: [Int32], _ pass: inout Pass
  ) -> LayerTape {
    let (layer, read) = (layers[index], pass.stream)
    let (attention, tokens) = (layer.attention.inputs(read), layer.attention.tokens)
    var outputs = layer.attention.outputs(layer.attention.attend(attention.inputs))
    if case .heads(let known, index) = given {
      outputs = AttentionLayer.Outputs(written: tokens.queried(known), norm: nil)
    }
    pass.stream.add(tokens.spread(layer.attention.write(outputs)))
    let mlpRead = model.configuration.isParallel ? read : pass.stream
    var (write, mlp) = layer.mlp.forward(some(rows, of: mlpRead, layer: index))
    write = spread(write, over: rows, layer: index)
    if case .mlp(let known, index) = given { write = known }
    pass.stream.add(write)
    pass.writes.heads.append(tokens.spread(outputs.written))
    pass.writes.mlps.append(write)
    return LayerTape(attention: attention, outputs: outputs.norm, mlp: mlp)
  }

  /// The rows at which a layer's MLP is run.
  func some(_ rows: [Int32], of tensor: Tensor, layer: Int) -> Tensor {
    isMeasuredOnly && layer == layers.count - 1 ? tensor.gatherRows(rows) : tensor
  }

  /// What an MLP gives at those rows, as rows of all tokens.
  func spread(_ tensor: Tensor, over rows: [Int32], layer: Int) -> Tensor {
    guard isMeasuredOnly, layer == layers.count - 1 else { return tensor }
    var all = Tensor(zeros: [batch.tokens.count, tensor.columnCount], on: tensor.device)
    all.replaceRows(rows, with: tensor)
    return all
  }

  func finish(_ pass: Pass, _ rows: [Int32]) -> (result: Result, tape: LogitReader.Tape) {
    let (logits, tape) = logitReader.forward(pass.stream.gatherRows(rows))
    return (Result(logits: logits, writes: pass.writes), tape)
  }
}
