import Graphs
package import Tensors

/// What a masked run can carry gradients to.
package struct GradientTargets: OptionSet, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static let mask = GradientTargets(rawValue: 1)
  package static let ablated = GradientTargets(rawValue: 2)
  package static let weights = GradientTargets(rawValue: 4)
}

/// The gradients of a masked run.
package struct MaskedGradients {
  /// For each of the run's masks `[writers, readers]`, `⟨a_w − ã_w, ∂L/∂read(r)⟩` over its tokens; empty unless
  /// asked for.
  package var masks: [[Double]] = []
  /// `[writer, token, dModel]`: with respect to what ablated edges carry.
  package var ablated: Tensor?
  package var weights: TransformerWeights?

  /// Changes the weights' gradients in place, if they are wanted.
  mutating func addWeights(_ add: (inout TransformerWeights) -> Void) {
    guard var sum = weights.take() else { return }
    add(&sum)
    weights = sum
  }
}

extension MaskedRun {
  /// Carries the gradient of the logits back to what is asked for.
  ///
  /// - Parameters:
  ///   - dlogits: `[row, vocabulary]`.
  ///   - tape: What ``taped(rows:)`` kept.
  ///   - targets: What gradients are wanted with respect to.
  /// - Returns: The gradients that were asked for.
  package func backward(
    _ dlogits: Tensor, _ tape: Tape, wanting targets: GradientTargets
  ) -> MaskedGradients {
    var pass = MaskedBackward(run: self, tape: tape, targets: targets)
    pass.visitLogits(dlogits)
    for layer in tape.layers.indices.reversed() {
      pass.visitMLP(layer)
      pass.visitHeads(layer)
    }
    pass.visitInput()
    return pass.gradients
  }
}

/// One backward pass: it visits readers from last to first and hands their gradients to writers.
private struct MaskedBackward {
  let run: MaskedRun
  let tape: MaskedRun.Tape
  let masks: [Tensor]  // each [reader, writer]
  /// `∂L/∂a`, complete for a writer once all readers that see it were visited.
  var writers: Tensor  // [writer, token, dModel]
  /// The sum of the gradients at all readers so far: that of a bias which all of them read.
  var readerSum: Tensor  // [token, dModel]
  var gradients = MaskedGradients()
  private let targets: GradientTargets

  init(run: MaskedRun, tape: MaskedRun.Tape, targets: GradientTargets) {
    self.run = run
    self.tape = tape
    self.targets = targets
    let shape = [run.graph.readerCount, run.graph.writerCount]
    let device = run.model.device
    masks = run.masks.masks.map { Tensor($0.columns, shape: shape, on: device) }
    writers = Tensor(zeros: tape.delta.shape, on: device)
    readerSum = Tensor(zeros: [run.batch.tokens.count, run.graph.dModel], on: device)
    if targets.contains(.mask) {
      gradients.masks = masks.map { [Double](repeating: 0, count: $0.count) }
    }
    // A head's output matrix makes what its ablated edges carry, too.
    if targets.contains(.ablated) || targets.contains(.weights) {
      gradients.ablated = Tensor(zeros: tape.delta.shape, on: device)
    }
    if targets.contains(.weights) { gradients.weights = run.model.weights.zeros }
  }

  private var graph: ComputationGraph { run.graph }
  private var tokenCount: Int { run.batch.tokens.count }

  mutating func visitLogits(_ dlogits: Tensor) {
    let (reader, final) = (run.logitReader, tape.final)
    let (dnormal, dread) = reader.backward(dlogits, final)
    gradients.addWeights { reader.addGradients(dlogits, normal: dnormal, final, to: &$0) }
    var read = Tensor(zeros: readerSum.shape, on: readerSum.device)
    read.scatterAdd(dread, to: tape.rows)
    accept(read, from: graph.logitsReader..<graph.readerCount, graph.writerCount)
  }

  mutating func visitMLP(_ index: Int) {
    // The attention's output bias reaches every reader above it: a sequential MLP too.
    if graph.isParallel { addOutputBias(index) }
    if let mlp = graph.mlp(layer: index), let tape = tape.layers[index].mlp {
      let dread = mlpRead(index, mlp.writer, tape)
      accept(dread, from: mlp.reader..<(mlp.reader + 1), graph.mlpWriterCount(layer: index))
    }
    if !graph.isParallel { addOutputBias(index) }
  }

  /// The gradient at an MLP's read. (By itself, so that no window of ``writers`` is left when they are written to.)
  private mutating func mlpRead(_ index: Int, _ writer: Int, _ tape: MLPLayer.Tape) -> Tensor {
    let mlp = run.layers[index].mlp
    let dwrite = writers.slice(block: writer)
    let inner = mlp.backward(dwrite, tape)
    gradients.addWeights { mlp.addGradients(dwrite, inner, tape, to: &$0.blocks[index]) }
    return inner.read
  }

  private mutating func addOutputBias(_ index: Int) {
    let sum = readerSum.rowSum()
    gradients.addWeights { $0.blocks[index].attention.output.bias?.add(sum) }
  }

  mutating func visitHeads(_ index: Int) {
    let dreads = headReads(index)
    accept(
      dreads, from: graph.headReaders(layer: index), graph.attentionWriterCount(layer: index))
  }

  /// The gradients at the reads of a layer's head readers, `[reader, token, dModel]`.
  private mutating func headReads(_ index: Int) -> Tensor {
    let graph = graph
    let (layer, tape) = (run.layers[index].attention, tape.layers[index])
    let dwrites = writers.slice(graph.headWriters(layer: index))
    let dwritten = layer.backward(writes: dwrites)
    let dz = layer.backward(written: dwritten, tape.outputs)
    let unturned = layer.turnedBack(taken: layer.taken(dz, tape.inputs))
    let inputs = layer.shared(
      layer.backward(unturned: unturned, tape.products), by: graph.keyValueReaderCount)
    let dnormal = Tensor.products(
      shape: tape.reads.shape, layer.readProducts(inputs, graph, into: tape.reads.layout))
    gradients.addWeights { sum in
      layer.addGradients(writes: dwrites, written: tape.outputs.written, to: &sum.blocks[index])
      layer.addGradients(
        written: dwritten, tape.outputs, to: &sum.blocks[index].attention.output)
      layer.addGradients(
        unturned: unturned, tape.products, to: &sum.blocks[index].attention)
      layer.addGradients(
        inputs: inputs, normal: tape.normal.output, graph, to: &sum.blocks[index].attention)
      layer.norm.addParameterGradients(
        dnormal, x: tape.reads, statistics: tape.normal.statistics,
        to: &sum.blocks[index].attentionNorm)
    }
    return layer.norm.backward(dnormal, x: tape.reads, statistics: tape.normal.statistics)
  }

  mutating func visitInput() {
    let dinput = writers.slice(block: 0)
    let (batch, scale) = (run.batch, run.model.configuration.embeddingScale)
    addAblatedWrites()
    gradients.addWeights { sum in
      var dembedding = dinput
      if scale != 1 { dembedding.scale(by: scale) }
      sum.tokenEmbedding.scatterAdd(dembedding, to: batch.tokens)
      sum.positionEmbedding?.scatterAdd(dinput, to: batch.positions)
    }
  }

  /// Adds the gradients of the heads' output matrices that come from what ablated edges carry.
  private mutating func addAblatedWrites() {
    guard gradients.weights != nil, let ablated = gradients.ablated else { return }
    let graph = graph
    for (layer, written) in run.ablated.writes.heads.enumerated() {
      let attention = run.layers[layer].attention
      let dwrites = ablated.slice(graph.headWriters(layer: layer))
      gradients.addWeights {
        attention.addGradients(writes: dwrites, written: written, to: &$0.blocks[layer])
      }
    }
    if !targets.contains(.ablated) { gradients.ablated = nil }
  }

  /// The part of the readers' masks that is about the writers they see, `[writer, reader]`.
  private func mask(_ span: RunMasks.Span, _ readers: Range<Int>, _ writerCount: Int) -> Matrix {
    masks[span.mask].matrix.rows(readers).columns(0..<writerCount).transposed
  }

  /// A span's columns where all tokens of a writer or reader are one row.
  private func columns(_ span: RunMasks.Span) -> Range<Int> {
    (span.tokens.lowerBound * graph.dModel)..<(span.tokens.upperBound * graph.dModel)
  }

  /// Takes the gradients at some readers' reads and hands them to the writers they see.
  ///
  /// - Parameters:
  ///   - dreads: `[reader, token, dModel]`.
  ///   - readers: The readers.
  ///   - writerCount: How many writers they see.
  private mutating func accept(_ dreads: Tensor, from readers: Range<Int>, _ writerCount: Int) {
    let dreads = dreads.reshaped([readers.count] + readerSum.shape)
    for index in 0..<readers.count { readerSum.add(dreads.slice(block: index)) }
    let target = writers.blockLayout.rows(0..<writerCount)
    let products = run.masks.spans.map { span in
      MatrixProduct(
        mask(span, readers, writerCount), dreads.blockMatrix.columns(columns(span)),
        into: target.columns(columns(span)))
    }
    writers.add(products)
    if !gradients.masks.isEmpty { addMaskGradients(dreads, readers, writerCount) }
    if gradients.ablated != nil { addAblatedGradients(dreads, readers, writerCount) }
  }

  private mutating func addMaskGradients(
    _ dreads: Tensor, _ readers: Range<Int>, _ writerCount: Int
  ) {
    for span in run.masks.spans {
      let delta = tape.delta.blockMatrix.rows(0..<writerCount).columns(columns(span))
      let reads = dreads.blockMatrix.columns(columns(span))
      let tiles = evenRanges(of: delta.columnCount, atMost: 1 << 14)
      var sums = Sums(count: writerCount * readers.count)
      orderedSum(tiles.count, on: dreads.device, into: &sums) { tile in
        .product(delta.columns(tiles[tile]), reads.columns(tiles[tile]).transposed)
      }
      for (index, sum) in sums.values().enumerated() {
        let (writer, reader) = index.quotientAndRemainder(dividingBy: readers.count)
        gradients.masks[span.mask][
          writer * graph.readerCount + readers.lowerBound + reader] += sum
      }
    }
  }

  /// `∂L/∂ã_w = Σ_r (1 − m[w, r]) · ∂L/∂read(r)`.
  private mutating func addAblatedGradients(
    _ dreads: Tensor, _ readers: Range<Int>, _ writerCount: Int
  ) {
    guard var sum = gradients.ablated.take() else { return }
    let ones = Tensor(
      [Float](repeating: 1, count: readers.count), shape: [1, readers.count], on: dreads.device)
    let total = Tensor.product(ones.matrix, dreads.blockMatrix)
    var share = Tensor(zeros: [writerCount, dreads.blockMatrix.columnCount], on: dreads.device)
    let target = share.layout
    share.add(
      run.masks.spans.map { span in
        MatrixProduct(
          mask(span, readers, writerCount), dreads.blockMatrix.columns(columns(span)),
          into: target.columns(columns(span)))
      })
    share.scale(by: -1)
    for writer in 0..<writerCount {
      sum.add(total, at: writer * total.count)
    }
    sum.add(share, at: 0)
    gradients.ablated = sum
  }
}
