import Graphs
import Tensors

/// The attention of one layer: all that it does with its reads, and in the other file the backward of it.
///
/// Runs differ in how they form reads: one for all readers, or one for each.
struct AttentionLayer {
  let norm: Normalization
  let weights: AttentionWeights
  let queryNorm: HeadNorm?
  let keyNorm: HeadNorm?
  /// The norm of what all heads write together.
  let outputNorm: Normalization?
  /// What heads' outputs are multiplied by.
  let residualScale: Float
  let headCount: Int
  /// How many keys, and values, there are in the run: the model's own, or one for each reader of the graph.
  let keyCount: Int
  let dHead: Int
  let variant: LayerVariant
  let rotary: Rotary?
  let rules: BackwardRules
  private(set) var tokens: TokenPlaces
  /// Keys and values of tokens before the run's; nil when there are none.
  let cache: KeyValueCache.Layer?

  /// Queries, keys and values, already turned by their positions; or gradients of them before they are.
  struct Inputs {
    var query: Tensor  // [token, head · dHead], of tokens that have queries
    var key: Tensor  // [token, key · dHead]
    var value: Tensor  // [token, key · dHead]

    subscript(projection: Reader.Projection) -> Tensor {
      get {
        switch projection {
        case .query: query
        case .key: key
        case .value: value
        }
      }
      _modify {
        switch projection {
        case .query: yield &query
        case .key: yield &key
        case .value: yield &value
        }
      }
    }
  }

  /// What the backward needs of a forward in which all readers share one read.
  struct Tape {
    let read: Tensor  // [token, dModel]
    let statistics: Tensor  // [token, 2]
    let inputs: Inputs
    let products: Inputs?  // where they differ by more than a turn, see `keepsProducts`
  }

  /// Queries, keys or values of some readers.
  struct Projected {
    /// As attention takes them.
    let values: Tensor
    /// As the matrix and its bias made them.
    let products: Tensor
  }

  /// The same layer over other tokens.
  func over(_ tokens: TokenPlaces) -> AttentionLayer {
    var copy = self
    copy.tokens = tokens
    return copy
  }

  // From reads to queries, keys and values ------------------------------------------------------

  /// Queries, keys and values of all heads from one read, `[token, dModel]`.
  func inputs(_ read: Tensor) -> Tape {
    let normal = norm.forward(read)
    let all = { (projection: Reader.Projection, count: Int) in
      project(
        projection, (0..<count).map { ReadPlace(reader: $0, read: 0) }, of: count,
        projection == .query ? tokens.queried(normal.output) : normal.output, readCount: 1)
    }
    let (query, key, value) = (all(.query, headCount), all(.key, keyCount), all(.value, keyCount))
    return Tape(
      read: read, statistics: normal.statistics,
      inputs: Inputs(query: query.values, key: key.values, value: value.values),
      products: keepsProducts
        ? Inputs(query: query.products, key: key.products, value: value.products) : nil)
  }

  /// A reader of one projection, and which of several reads it has.
  struct ReadPlace {
    let reader: Int
    let read: Int
  }

  /// Queries, keys or values of some readers, `[token, place · dHead]`, as attention takes them.
  ///
  /// - Parameters:
  ///   - projection: What the readers make.
  ///   - places: The readers, as places among those of the projection, and the read of each.
  ///   - count: How many readers the projection has.
  ///   - normal: The normalised reads, `[read · token, dModel]`.
  ///   - readCount: How many reads there are.
  /// - Returns: Values of the readers in the order of `places`; where a norm spans all heads, all readers are there.
  func project(
    _ projection: Reader.Projection, _ places: [ReadPlace], of count: Int, _ normal: Tensor,
    readCount: Int
  ) -> Projected {
    let linear = weights[projection]
    let tokenCount = normal.rowCount / readCount
    let rows = places.map { weightRows(reader: $0.reader, of: count, linear) }
    let target = MatrixLayout(
      offset: 0, rowCount: tokenCount, columnCount: places.count * dHead,
      stride: places.count * dHead)
    // Neighbours that share a read are one product.
    let starts = places.indices.filter {
      $0 == 0 || places[$0].read != places[$0 - 1].read
        || rows[$0].lowerBound != rows[$0 - 1].upperBound
    }
    let products = zip(starts, starts.dropFirst() + [places.count]).map { start, end in
      let first = places[start].read * tokenCount
      return MatrixProduct(
        normal.matrix.rows(first..<(first + tokenCount)),
        linear.weight.matrix.rows(rows[start].lowerBound..<rows[end - 1].upperBound).transposed,
        into: target.columns(columns(start).lowerBound..<columns(end - 1).upperBound))
    }
    var values = Tensor.products(shape: [tokenCount, places.count * dHead], products)
    values.add(
      row: linear.bias.map { bias in Tensor(joining: rows.map { bias.slice($0) }) })
    return Projected(
      values: finished(values, projection, rows.map { $0.lowerBound / dHead }), products: values)
  }

  /// Whether queries, keys or values are more than the turned products of a matrix.
  var keepsProducts: Bool { queryNorm != nil || keyNorm != nil || limit != nil }

  /// How queries, keys and values are cut off.
  var limit: Bound? { variant.inputLimit.map(Bound.hard) }

  /// The norm of a projection's values.
  func headNorm(_ projection: Reader.Projection) -> HeadNorm? {
    switch projection {
    case .query: queryNorm
    case .key: keyNorm
    case .value: nil
    }
  }

  /// What attention takes instead of a matrix's products: cut off, normalised and turned.
  ///
  /// - Parameters:
  ///   - products: `[token, place · dHead]`.
  ///   - projection: What they are.
  ///   - sources: For each place the head of the model's matrix.
  /// - Returns: Values of the same shape.
  private func finished(
    _ products: Tensor, _ projection: Reader.Projection, _ sources: [Int]
  ) -> Tensor {
    var values = limit?.forward(products) ?? products
    if let norm = headNorm(projection) { values = norm.forward(values, sources) }
    if projection != .value {
      rotary?.rotate(
        &values, positions: projection == .query ? tokens.queryPositions : tokens.positions,
        headCount: sources.count)
    }
    return values
  }

  /// A head's columns in a tensor `[…, head · dHead]`.
  func columns(_ head: Int) -> Range<Int> { (head * dHead)..<((head + 1) * dHead) }

  /// The rows of a projection's matrix that a reader uses: shared ones serve several readers.
  func weightRows(reader: Int, of readerCount: Int, _ linear: Linear) -> Range<Int> {
    let sources = linear.weight.rowCount / dHead
    return columns(reader * sources / readerCount)
  }

  // From queries, keys and values to writes -----------------------------------------------------

  /// The outputs of all heads before the output matrix, `[token, head · dHead]`.
  func attend(_ inputs: Inputs) -> Tensor {
    attend(withCached(inputs, keys: 0..<keyCount, of: keyCount), headCount, keyCount)
  }

  /// The outputs of so many heads from the queries, keys and values of whole prompts.
  private func attend(_ all: Inputs, _ headCount: Int, _ keyCount: Int) -> Tensor {
    var z = kernel(headCount, keyCount).forward(q: all.query, k: all.key, v: all.value)
    if residualScale != 1 { z.scale(by: residualScale) }
    return z
  }

  /// The outputs of some heads only, `[token, place among heads · dHead]`.
  func attend(_ inputs: Inputs, heads: [Int]) -> Tensor {
    guard heads.count < headCount else { return attend(inputs) }
    let shared = heads.map { $0 * keyCount / headCount }
    return attendEach(
      Inputs(
        query: inputs.query.gatherColumnBlocks(heads, width: dHead),
        key: inputs.key.gatherColumnBlocks(shared, width: dHead),
        value: inputs.value.gatherColumnBlocks(shared, width: dHead)), heads: heads)
  }

  /// The outputs of some heads that each have a key and value of their own.
  func attendEach(_ inputs: Inputs, heads: [Int]) -> Tensor {
    attend(withCached(inputs, keys: heads, of: headCount), heads.count, heads.count)
  }

  /// Keys and values of whole prompts: the cached ones and then the run's, for each prompt.
  ///
  /// - Parameters:
  ///   - inputs: Queries, keys and values of the run's tokens.
  ///   - keys: Which keys there are, in order.
  ///   - count: Of how many, consecutive ones of which may share a key of the model.
  /// - Returns: The queries as they are; keys and values `[key token, key · dHead]`.
  func withCached(_ inputs: Inputs, keys: some Collection<Int>, of count: Int) -> Inputs {
    guard let cache else { return inputs }
    let own = cache.key.columnCount / dHead
    let sources = keys.map { $0 * own / count }
    let whole = { (cached: Tensor, tensor: Tensor) in
      Tensor(joining: [cached.gatherColumnBlocks(sources, width: dHead), tensor])
        .pickedRows(tokens.keyRows)
    }
    return Inputs(
      query: inputs.query, key: whole(cache.key, inputs.key),
      value: whole(cache.value, inputs.value))
  }

  func kernel(_ headCount: Int, _ keyCount: Int) -> PromptAttention {
    PromptAttention(
      starts: tokens.starts, queryStarts: tokens.queryStarts, keyStarts: tokens.keyStarts,
      headCount: headCount, keyValueHeadCount: keyCount, scale: variant.attentionScale,
      isCausal: variant.isCausal, window: variant.window, cap: variant.scoreCap)
  }
}

extension AttentionWeights {
  /// The matrix of a projection.
  subscript(projection: Reader.Projection) -> Linear {
    get {
      switch projection {
      case .query: query
      case .key: key
      case .value: value
      }
    }
    _modify {
      switch projection {
      case .query: yield &query
      case .key: yield &key
      case .value: yield &value
      }
    }
  }
}
