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
  /// `[writers, readers]`: `⟨a_w − ã_w, ∂L/∂read(r)⟩`; nil unless asked for.
  package var mask: [Double]?
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
  ///   - tape: What ``forward(rows:from:extent:)`` kept.
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
  let mask: Tensor  // [reader, writer]
  /// `∂L/∂a`, complete for a writer once all readers that see it were visited.
  var writers: Tensor  // [writer, token, dModel]
  /// The sum of the gradients at all readers so far: that of a bias which all of them read.
  var readerSum: Tensor  // [token, dModel]
  var gradients = MaskedGradients()

  init(run: MaskedRun, tape: MaskedRun.Tape, targets: GradientTargets) {
    self.run = run
    self.tape = tape
    mask = Tensor(run.mask.columns, shape: [run.graph.readerCount, run.graph.writerCount])
    writers = Tensor(zeros: tape.delta.shape)
    readerSum = Tensor(zeros: [run.batch.tokens.count, run.graph.dModel])
    if targets.contains(.mask) {
      gradients.mask = [Double](repeating: 0, count: mask.count)
    }
    if targets.contains(.ablated) { gradients.ablated = Tensor(zeros: tape.delta.shape) }
    if targets.contains(.weights) { gradients.weights = run.model.weights.zeros }
  }

  private var graph: ComputationGraph { run.graph }
  private var model: Transformer { run.model }
  private var tokenCount: Int { run.batch.tokens.count }

  mutating func visitLogits(_ dlogits: Tensor) {
    let weights = model.weights
    let x = tape.final.normal.output
    gradients.addWeights { sum in
      weights.unembedding.addGradients(dlogits, x: x, to: &sum.unembedding)
    }
    let dread = normBackward(
      weights.unembedding.backward(dlogits), tape.final, weights.finalNorm, \.finalNorm)
    var read = Tensor(zeros: readerSum.shape)
    read.scatterAdd(dread, to: tape.rows)
    accept(read, from: graph.logitsReader..<graph.readerCount, graph.writerCount)
  }

  mutating func visitMLP(_ layer: Int) {
    let block = model.weights.blocks[layer]
    let layerTape = tape.layers[layer]
    let activation = model.configuration.activation
    let dwrite = writers.slice(block: graph.mlpWriter(layer: layer))
    let inner = block.mlp.backward(dwrite, layerTape.mlp, activation)
    gradients.addWeights { sum in
      block.mlp.addGradients(
        dwrite, inner, x: layerTape.mlpReads.normal.output, layerTape.mlp, activation,
        to: &sum.blocks[layer].mlp)
    }
    // The attention's output bias reaches every reader above it: a sequential MLP too.
    if graph.isParallel { addOutputBias(layer) }
    let reader = graph.mlpReader(layer: layer)
    accept(
      normBackward(inner.read, layerTape.mlpReads, block.mlpNorm, \.blocks[layer].mlpNorm),
      from: reader..<(reader + 1), graph.mlpWriterCount(layer: layer))
    if !graph.isParallel { addOutputBias(layer) }
  }

  private mutating func addOutputBias(_ layer: Int) {
    let sum = readerSum.rowSum()
    gradients.addWeights { $0.blocks[layer].attention.output.bias?.add(sum) }
  }

  mutating func visitHeads(_ layer: Int) {
    let (model, graph, tokenCount) = (model, graph, tokenCount)
    let block = model.weights.blocks[layer]
    let layerTape = tape.layers[layer]
    let output = block.attention.output.weight
    let dwrites = graph.headWriters(layer: layer).map { writer in
      writers.matrix.rows((writer * tokenCount)..<((writer + 1) * tokenCount))
    }
    let dz = Tensor.products(
      shape: layerTape.z.shape,
      dwrites.enumerated().map { head, dwrite in
        let columns = model.headColumns(head)
        return MatrixProduct(
          dwrite, output.matrix.columns(columns), into: layerTape.z.layout.columns(columns))
      })
    gradients.addWeights { sum in
      sum.blocks[layer].attention.output.weight.add(
        dwrites.enumerated().map { head, dwrite in
          let columns = model.headColumns(head)
          return MatrixProduct(
            dwrite.transposed, layerTape.z.matrix.columns(columns),
            into: output.layout.columns(columns))
        })
    }
    let inputs = sharedGradients(run.attention.backward(dz, layerTape.heads))
    addInputWeights(inputs, layer)
    let reads = layerTape.headReads
    let dnormal = Tensor.products(
      shape: reads.values.shape,
      model.readProducts(inputs, block.attention, graph, into: reads.values.layout))
    accept(
      normBackward(dnormal, reads, block.attentionNorm, \.blocks[layer].attentionNorm),
      from: graph.headReaders(layer: layer), graph.attentionWriterCount(layer: layer))
  }

  /// Sums the gradients of heads that share a key or value reader.
  private func sharedGradients(_ gradients: HeadAttention.Inputs) -> HeadAttention.Inputs {
    let shared = { (gradient: Tensor) in
      gradient.groupSums(
        groups: graph.keyValueReaderCount, group: graph.keyValueGroup,
        width: model.configuration.dHead)
    }
    return HeadAttention.Inputs(
      query: gradients.query, key: shared(gradients.key), value: shared(gradients.value))
  }

  /// Adds the gradients of the matrices and biases that make queries, keys and values.
  private mutating func addInputWeights(_ inputs: HeadAttention.Inputs, _ layer: Int) {
    let (model, graph, tokenCount) = (model, graph, tokenCount)
    let normal = tape.layers[layer].headReads.normal.output.matrix
    gradients.addWeights { sum in
      for (projection, readers) in graph.projections {
        let path = AttentionWeights.path(projection)
        let gradient = inputs[projection]
        let biases = gradient.rowSum()
        var linear = sum.blocks[layer].attention[keyPath: path]
        // Readers that share rows add to them one after another: windows of one call are disjoint.
        for (index, reader) in readers.enumerated() {
          let rows = model.weightRows(reader: index, of: readers.count, linear)
          let columns = model.headColumns(index)
          linear.weight.add([
            MatrixProduct(
              gradient.matrix.columns(columns).transposed,
              normal.rows((reader * tokenCount)..<((reader + 1) * tokenCount)),
              into: linear.weight.layout.rows(rows))
          ])
          linear.bias?.add(biases.slice(columns), at: rows.lowerBound)
        }
        sum.blocks[layer].attention[keyPath: path] = linear
      }
    }
  }

  mutating func visitInput() {
    let dinput = writers.slice(block: 0)
    let batch = run.batch
    gradients.addWeights { sum in
      sum.tokenEmbedding.scatterAdd(dinput, to: batch.tokens)
      sum.positionEmbedding?.scatterAdd(dinput, to: batch.positions)
    }
  }

  /// Carries gradients through the norm of several reads and adds those of its parameters.
  private mutating func normBackward(
    _ dnormal: Tensor, _ reads: MaskedRun.Reads, _ norm: Normalization,
    _ path: WritableKeyPath<TransformerWeights, Normalization>
  ) -> Tensor {
    gradients.addWeights { sum in
      norm.addParameterGradients(
        dnormal, x: reads.values, statistics: reads.normal.statistics, to: &sum[keyPath: path])
    }
    return norm.backward(dnormal, x: reads.values, statistics: reads.normal.statistics)
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
    let mask = mask.matrix.rows(readers).columns(0..<writerCount).transposed
    writers.add([
      MatrixProduct(mask, dreads.blockMatrix, into: writers.blockLayout.rows(0..<writerCount))
    ])
    if gradients.mask != nil { addMaskGradients(dreads, readers, writerCount) }
    if gradients.ablated != nil { addAblatedGradients(dreads, mask, writerCount) }
  }

  private mutating func addMaskGradients(
    _ dreads: Tensor, _ readers: Range<Int>, _ writerCount: Int
  ) {
    let delta = tape.delta.blockMatrix.rows(0..<writerCount)
    let reads = dreads.blockMatrix
    let tiles = evenRanges(of: delta.columnCount, atMost: 1 << 14)
    var sums = Sums(count: writerCount * readers.count)
    orderedSum(tiles.count, into: &sums) { tile in
      .product(delta.columns(tiles[tile]), reads.columns(tiles[tile]).transposed)
    }
    guard var mask = gradients.mask.take() else { return }
    for (index, sum) in sums.values().enumerated() {
      let (writer, reader) = index.quotientAndRemainder(dividingBy: readers.count)
      mask[writer * graph.readerCount + readers.lowerBound + reader] += sum
    }
    gradients.mask = mask
  }

  /// `∂L/∂ã_w = Σ_r (1 − m[w, r]) · ∂L/∂read(r)`.
  private mutating func addAblatedGradients(_ dreads: Tensor, _ mask: Matrix, _ writerCount: Int) {
    guard var sum = gradients.ablated.take() else { return }
    let ones = Tensor([Float](repeating: 1, count: mask.columnCount), shape: [1, mask.columnCount])
    let total = Tensor.product(ones.matrix, dreads.blockMatrix)
    var share = Tensor.product(mask, dreads.blockMatrix)
    share.scale(by: -1)
    for writer in 0..<writerCount {
      sum.add(total, at: writer * total.count)
    }
    sum.add(share, at: 0)
    gradients.ablated = sum
  }
}

extension AttentionWeights {
  /// Where a projection's matrix is kept.
  static func path(_ projection: Reader.Projection) -> WritableKeyPath<AttentionWeights, Linear> {
    switch projection {
    case .query: \.query
    case .key: \.key
    case .value: \.value
    }
  }
}
