/// The kernels of a device: a row for each, by address and count.
///
/// Addresses lie on the device, but for those of ``upload(_:to:byteCount:)`` and
/// ``download(_:to:byteCount:)``. Kernels do not check: whoever calls has. The same input gives the same bytes,
/// whatever the number of threads. Outputs are written whole unless a row says that it adds.
protocol Backend: Sendable {
  // Memory
  func allocate(byteCount: Int) -> UnsafeMutableRawPointer
  func deallocate(_ memory: UnsafeMutableRawPointer)
  func upload(
    _ source: UnsafeRawPointer, to memory: UnsafeMutableRawPointer, byteCount: Int)
  func download(
    _ memory: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int)
  func copy(_ source: Address, to target: Address, count: Int)
  /// Sets numbers of any format without blocks to zero.
  func clear(_ x: Address, count: Int)
  /// Stored rows of `columns` elements, `stride` apart, as Float32 without gaps.
  func decode(_ x: Address, stride: Int, rows: Int, columns: Int, to out: Address)

  // Elements
  /// y += scale · x
  func addScaled(_ y: Address, _ x: Address, scale: Float, count: Int)
  /// out = x − y
  func subtract(_ out: Address, _ x: Address, _ y: Address, count: Int)
  func scale(_ x: Address, by factor: Float, count: Int)
  /// x[r, c] *= factors[r]
  func scaleRows(_ x: Address, by factors: [Float], columns: Int)
  /// x[r, c] *= row[c]
  func scaleColumns(_ x: Address, by row: Address, rows: Int, columns: Int)
  /// x[r, c] *= the inverse deviation of row r, out of a norm's statistics
  func scaleRows(_ x: Address, byDeviations statistics: Address, rows: Int, columns: Int)
  /// out[r, c] += scale · Σ_i x[r, i] y[r, i] · direction[r, c], where x and y have `inner` columns
  func addProjections(
    _ out: Address, on direction: Address, _ x: Address, _ y: Address, scale: Float, rows: Int,
    columns: Int, inner: Int)
  /// x[r, c] += row[c]
  func addRow(_ x: Address, _ row: Address, rows: Int, columns: Int)
  /// sums[c] += Σ_r x[r, c], each sum in Float64
  func sumRows(_ sums: Address, _ x: Address, rows: Int, columns: Int)
  /// Float64 sums += x
  func accumulate(_ x: Address, into sums: Address, count: Int)
  func allFinite(_ x: Address, count: Int) -> Bool
  /// out[i] = table[indices[i]], decoded; a row of the table is `columns` elements.
  func gatherRows(_ out: Address, _ table: Address, _ indices: [Int32], columns: Int)
  /// out[i] = table[indices[i]], both in the table's format.
  func moveRows(_ out: Address, _ table: Address, _ indices: [Int32], columns: Int)
  /// table[indices[i]] += x[i]; indices may repeat.
  func scatterAddRows(_ table: Address, _ x: Address, _ indices: [Int32], columns: Int)
  /// table[indices[i]] = x[i]; indices do not repeat.
  func replaceRows(_ table: Address, _ x: Address, _ indices: [Int32], columns: Int)
  /// out[t, g] = Σ_i x[t, g · group + i], blocks of `width` elements.
  func sumGroups(_ out: Address, _ x: Address, rows: Int, groups: Int, group: Int, width: Int)
  /// out[c, r] = x[r, c]
  func transpose(_ out: Address, _ x: Address, rows: Int, columns: Int)
  /// x[places[i]] += values[i], in order; places may repeat.
  func addEntries(_ x: Address, _ places: [Int64], _ values: [Float])
  /// Σ_c x[r, c] · y[r, c] in Float64, passing over zeros of y.
  func rowProducts(_ x: Address, _ y: Address, rows: Int, columns: Int) -> [Double]
  /// Σ_c |x[r, c] − y[r mod places, c]| in Float64
  func rowDistances(_ x: Address, _ y: Address, rows: Int, places: Int, columns: Int) -> [Double]

  // Matrices
  /// All products, each into its own window of `out` or added to it.
  func multiply(_ products: [MatrixProduct], into out: Address, adding: Bool)
  /// Weighted sums of tensors that lie anywhere, see ``Tensor/sums(base:terms:parts:count:)``.
  func weightedSums(
    _ out: Address, base: Address, count: Int, terms: [Address], _ parts: [SumPart], outputs: Int)

  // Norms, activations, softmax, losses, attention: see the declarations in kernels.h.
  func norm(
    _ y: Address, statistics: Address, _ x: Address, _ norm: Normalization, rows: Int, columns: Int)
  func normBackward(
    _ dx: Address, _ dy: Address, _ x: Address, statistics: Address, _ norm: Normalization,
    rows: Int,
    cycle: Int, columns: Int)
  func normBackwardParameters(
    scale: Address, bias: Address, _ dy: Address, _ x: Address, statistics: Address, rows: Int,
    columns: Int)
  func activate(_ y: Address, _ x: Address, _ kind: Activation, count: Int)
  func activateBackward(
    _ dx: Address, _ dy: Address, _ x: Address, _ kind: Activation, _ slope: Activation.Slope,
    count: Int)
  func gated(_ y: Address, gate: Address, up: Address, _ kind: Activation, count: Int)
  func gatedBackward(
    gate dgate: Address, up dup: Address, _ dy: Address, gate: Address, up: Address,
    _ kind: Activation, _ slope: Activation.Slope, count: Int)
  func softmax(_ y: Address, _ x: Address, valid: [Int32], columns: Int)
  func softmaxBackward(_ dx: Address, _ dy: Address, _ y: Address, rows: Int, columns: Int)
  func logSoftmax(_ y: Address, _ x: Address, rows: Int, columns: Int)
  func crossEntropy(_ dx: Address, _ x: Address, targets: [Int32], columns: Int) -> [Double]
  /// Row r of x is compared with row r modulo `references`; `dx` may be nil.
  func divergence(
    _ kind: Tensor.Divergence, _ dx: Address?, _ x: Address, reference: Address, rows: Int,
    references: Int,
    columns: Int
  ) -> [Double]
  func rotate(
    _ x: Address, _ rotary: Rotary, positions: [Int32], heads: Int, width: Int, inverse: Bool)
  func attend(_ z: Address, _ inputs: AttentionOperands, _ attention: PromptAttention)
  func attendBackward(
    _ dq: Address, _ dk: Address, _ dv: Address, _ dz: Address, _ inputs: AttentionOperands,
    _ attention: PromptAttention, _ rule: PatternRule, _ slope: Activation.Slope)
}

/// Queries, keys and values as kernels of attention take them.
struct AttentionOperands {
  let q: Address
  let k: Address
  let v: Address
  /// The width of a head.
  let width: Int
}
