import Graphs
import Tensors

extension AttentionLayer {
  /// Whether queries and keys are a matrix's products but for a turn that can be undone.
  var onlyTurns: Bool { !keepsProducts && variant.rotaryAmplitude == 1 }

  /// Queries, keys and values, or gradients at them, of a whole run as they were before they were turned.
  func turnedBack(_ inputs: Inputs) -> Inputs {
    var inputs = inputs
    for (projection, count) in [(Reader.Projection.query, headCount), (.key, keyCount)] {
      rotary?.rotate(
        &inputs[projection], positions: tokens.positions, headCount: count, inverse: true)
    }
    return inputs
  }

  /// The gradients at queries, keys and values as attention took them.
  ///
  /// All are `[token, head · dHead]`, those of queries for tokens that have one: each head has its own copy of a
  /// shared key or value.
  func taken(_ dz: Tensor, _ inputs: Inputs) -> Inputs {
    var dz = dz
    if residualScale != 1 { dz.scale(by: residualScale) }
    let all = withCached(inputs, keys: 0..<keyCount, of: keyCount)
    var (dq, dk, dv) = kernel(headCount, keyCount).backward(
      dz, q: all.query, k: all.key, v: all.value, rule: rules.pattern, slope: rules.slope)
    if rules.halvesAttention {
      // Of pattern · value, and then of query · key.
      dv.scale(by: 0.5)
      dq.scale(by: 0.25)
      dk.scale(by: 0.25)
    }
    return Inputs(query: dq, key: dk, value: dv)
  }

  /// The gradients at queries and keys before they were turned, from those as attention took them.
  func turnedBack(taken gradients: Inputs) -> Inputs {
    var (dq, dk) = (gradients.query, gradients.key)
    rotary?.rotate(&dq, positions: tokens.queryPositions, headCount: headCount, inverse: true)
    rotary?.rotate(&dk, positions: tokens.positions, headCount: headCount, inverse: true)
    return Inputs(query: dq, key: dk, value: gradients.value)
  }

  /// The gradients at the products of matrices, from those at queries and keys before they were turned.
  ///
  /// - Parameters:
  ///   - gradients: Each `[token, head · dHead]`.
  ///   - products: What the forward kept; nil where there is no norm or limit.
  /// - Returns: Gradients of the same shapes.
  func backward(unturned gradients: Inputs, _ products: Inputs?) -> Inputs {
    guard let products else { return gradients }
    var gradients = gradients
    for projection in Reader.Projection.allCases {
      let (own, sources) = perHead(products[projection], projection)
      if let norm = headNorm(projection) {
        gradients[projection] = norm.backward(
          gradients[projection], x: limit?.forward(own) ?? own, sources)
      }
      if let limit {
        gradients[projection] = limit.backward(gradients[projection], x: own, slope: rules.slope)
      }
    }
    return gradients
  }

  /// Queries, keys or values with a copy of shared ones for each head, and the head of the model's matrix for each.
  private func perHead(
    _ values: Tensor, _ projection: Reader.Projection
  ) -> (values: Tensor, sources: [Int]) {
    let (own, sources) = (values.columnCount / dHead, weights[projection].weight.rowCount / dHead)
    let heads = 0..<headCount
    return (
      values.gatherColumnBlocks(heads.map { $0 * own / headCount }, width: dHead),
      heads.map { $0 * sources / headCount }
    )
  }

  /// The gradients at the products of matrices, from those at the outputs of all heads.
  func backward(_ dz: Tensor, _ inputs: Inputs, _ products: Inputs?) -> Inputs {
    backward(unturned: turnedBack(taken: taken(dz, inputs)), products)
  }

  /// Adds the gradients of the norms of queries and keys, from those at queries and keys before they were turned.
  func addGradients(unturned gradients: Inputs, _ products: Inputs?, to sum: inout AttentionWeights)
  {
    guard let products else { return }
    for (projection, path) in [
      (Reader.Projection.query, \AttentionWeights.queryNorm), (.key, \.keyNorm),
    ] {
      guard let norm = headNorm(projection), var own = sum[keyPath: path].take() else { continue }
      let (x, sources) = perHead(products[projection], projection)
      norm.addGradients(
        gradients[projection], x: limit?.forward(x) ?? x, sources, to: &own)
      sum[keyPath: path] = own
    }
  }

  /// Sums the gradients of heads that share one of so many keys and values.
  func shared(_ gradients: Inputs, by count: Int) -> Inputs {
    let sums = { (gradient: Tensor) in
      gradient.groupSums(groups: count, group: headCount / count, width: dHead)
    }
    return Inputs(
      query: gradients.query, key: sums(gradients.key), value: sums(gradients.value))
  }

  /// The gradient at one read of all readers, `[token, dModel]`, from those at their inputs.
  func backward(_ gradients: Inputs, _ tape: Tape) -> Tensor {
    let own = shared(gradients, by: keyCount)
    var dnormal = tokens.spread(weights.query.backward(own.query))
    dnormal.add(weights.key.backward(own.key))
    dnormal.add(weights.value.backward(own.value))
    return norm.backward(dnormal, x: tape.read, statistics: tape.statistics)
  }

  /// The products that carry gradients of queries, keys and values to each reader's normalised read.
  ///
  /// - Parameters:
  ///   - gradients: Each `[token, reader · dHead]`.
  ///   - graph: The graph, which says how many readers there are.
  ///   - target: A window of `[reader · token, dModel]`.
  /// - Returns: One product for each reader.
  func readProducts(
    _ gradients: Inputs, _ graph: ComputationGraph, into target: MatrixLayout
  ) -> [MatrixProduct] {
    let tokenCount = gradients.query.rowCount
    return graph.projections.flatMap { projection, readers in
      let linear = weights[projection]
      let gradient = gradients[projection].matrix
      return readers.enumerated().map { index, reader in
        MatrixProduct(
          gradient.columns(columns(index)),
          linear.weight.matrix.rows(weightRows(reader: index, of: readers.count, linear)),
          into: target.rows((reader * tokenCount)..<((reader + 1) * tokenCount)))
      }
    }
  }

  /// Adds the gradients of the matrices and biases that make queries, keys and values.
  ///
  /// - Parameters:
  ///   - inputs: Gradients, each `[token, reader · dHead]`.
  ///   - normal: The normalised reads, `[reader · token, dModel]`.
  ///   - graph: The graph, which says how many readers there are.
  ///   - sum: Gradients so far.
  func addGradients(
    inputs: Inputs, normal: Tensor, _ graph: ComputationGraph, to sum: inout AttentionWeights
  ) {
    let tokenCount = inputs.query.rowCount
    for (projection, readers) in graph.projections {
      let gradient = inputs[projection]
      let biases = gradient.rowSum()
      // Readers that share rows add to them one after another: windows of one call are disjoint.
      for (index, reader) in readers.enumerated() {
        let rows = weightRows(reader: index, of: readers.count, sum[projection])
        let target = sum[projection].weight.layout.rows(rows)
        sum[projection].weight.add([
          MatrixProduct(
            gradient.matrix.columns(columns(index)).transposed,
            normal.matrix.rows((reader * tokenCount)..<((reader + 1) * tokenCount)), into: target)
        ])
        sum[projection].bias?.add(biases.slice(columns(index)), at: rows.lowerBound)
      }
    }
  }
}

extension ComputationGraph {
  /// The readers of each projection, counted within one layer's head readers.
  var projections: [(Reader.Projection, Range<Int>)] {
    Reader.Projection.allCases.map { ($0, headReaders(layer: 0, $0)) }
  }
}
