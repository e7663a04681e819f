// The card's rows of Backend: products of matrices, and weighted sums.

extension CUDADevice {
  /// Products of one shape that lie at even distances are asked for together.
  func multiply(_ products: [MatrixProduct], into out: Address, adding: Bool) {
    for batch in ProductBatch.batches(of: products) {
      for (part, isAdded) in batch.panels(of: Self.panelNumbers, adding: adding, isWhole: isInPlace)
      {
        if let parts = part.parts(from: Self.longSum) {
          sum(parts, part.first.target, into: out, adding: isAdded)
        } else {
          multiply(part, into: out, adding: isAdded)
        }
      }
    }
  }

  /// Numbers of a stored weight that are decoded at a time: 256 MiB.
  private static let panelNumbers = 64 << 20

  /// A product whose sums have more terms than this, and few of them, is formed in parts: the BLAS fills a card then,
  /// and the parts are added up in Float64.
  private static let longSum = 1 << 17

  /// Forms parts of a product's sums, and adds them up.
  private func sum(
    _ parts: ProductBatch, _ target: MatrixLayout, into out: Address, adding: Bool
  ) {
    let made = Storage(.cuda(self), .f32, count: parts.count * target.rowCount * target.columnCount)
    multiply(parts, into: Address(made), adding: false)
    launch(
      "ek_sum_parts", .elements(target.rowCount * target.columnCount),
      [
        .address(out + target.offset), .address(Address(made)), .int(parts.count),
        .int(target.rowCount), .int(target.columnCount), .int(target.stride), .int(adding ? 1 : 0),
      ])
  }

  /// Whether the BLAS takes a product's right side as it lies.
  private func isInPlace(_ product: MatrixProduct) -> Bool {
    let format = product.right.storage.format
    return format == .f32 || format == .bf16 && precision == .bfloat16
  }

  private func multiply(_ batch: ProductBatch, into out: Address, adding: Bool) {
    let (first, steps) = (batch.first, batch.steps)
    // In BF16 when a weight is stored so: two tensors of a run are multiplied as they are.
    let isHalf =
      precision == .bfloat16
      && [first.left, first.right].contains { $0.storage.format == .bf16 }
    let format: ElementFormat = isHalf ? .bf16 : .f32
    let left = unsafe operand(first.left, step: steps.left, batch.count, as: format)
    let right = unsafe operand(first.right, step: steps.right, batch.count, as: format)
    let arithmetic: CUDABLAS.Arithmetic = precision == .float32 || isHalf ? .float32 : .tf32
    perform("Multiplying matrices", text: { "cuBLAS answers \($0)" }) {
      unsafe blas.multiply(
        left.blas, right.blas, rows: first.left.rowCount, inner: first.left.columnCount,
        columns: first.right.columnCount, into: pointer(out + first.target.offset),
        stride: first.target.stride, step: steps.target, count: batch.count, adding: adding,
        arithmetic)
    }
    // Kept until the product is asked for: what is freed after that is freed after it.
    unsafe withExtendedLifetime((left.storage, right.storage)) {}
  }

  /// One side of a product where the BLAS can read it.
  @unsafe private struct Operand {
    let storage: Storage
    let blas: CUDABLAS.Operand
  }

  /// A side in a format: in place, or converted together with what lies between the batch's windows.
  private func operand(_ matrix: Matrix, step: Int, _ count: Int, as format: ElementFormat)
    -> Operand
  {
    let (layout, stored) = (matrix.layout, matrix.storage.format)
    let number: CUDABLAS.Number = format == .bf16 ? .bfloat16 : .float32
    let operand = { (storage: Storage, offset: Int, stride: Int) in
      unsafe Operand(
        storage: storage,
        blas: unsafe CUDABLAS.Operand(
          address: self.pointer(Address(storage, offset: offset)), number: number, stride: stride,
          isTransposed: matrix.isTransposed, step: step))
    }
    if stored == format { return unsafe operand(matrix.storage, layout.offset, layout.stride) }
    let start = layout.offset / stored.blockCount * stored.blockCount
    let margin = layout.offset - start
    // One window is converted row by row, several with all that is between them.
    let isOne = count == 1
    let rows = isOne ? layout.rowCount : 1
    let span = isOne ? layout.columnCount : step * (count - 1) + layout.end - layout.offset
    let columns = (margin + span + stored.blockCount - 1) / stored.blockCount * stored.blockCount
    let source = Address(matrix.storage, offset: start)
    let stride = isOne ? layout.stride : columns
    let made = Storage(.cuda(self), format, count: rows * columns)
    if format == .bf16 {
      roundToBF16(source, stride: stride, rows: rows, columns: columns, to: Address(made))
    } else {
      decode(source, stride: stride, rows: rows, columns: columns, to: Address(made))
    }
    return unsafe operand(made, margin, isOne ? columns : layout.stride)
  }

  /// Rows of any format as BF16 without gaps.
  private func roundToBF16(_ x: Address, stride: Int, rows: Int, columns: Int, to out: Address) {
    guard x.storage.format == .f32 else {
      let decoded = Storage(.cuda(self), .f32, count: rows * columns)
      decode(x, stride: stride, rows: rows, columns: columns, to: Address(decoded))
      return roundToBF16(Address(decoded), stride: columns, rows: rows, columns: columns, to: out)
    }
    launch(
      "ek_to_bf16", .elements(rows * columns),
      [.address(out), .address(x), .int(rows), .int(stride), .int(columns)])
  }

  func weightedSums(
    _ out: Address, base: Address, count: Int, terms: [Address], _ parts: [SumPart], outputs: Int
  ) {
    var (places, table, factors): ([Int64], [Int64], [Float]) = ([], [], [])
    for part in parts {
      let first = places.count
      for term in part.terms {
        places.append(unsafe Int64(Int(bitPattern: pointer(terms[term]))))
      }
      table += [part.range.upperBound, first, places.count, factors.count].map(Int64.init)
      factors += part.factors
    }
    launch(
      "ek_weighted_sums", .elements(count * ((outputs + 7) / 8)),
      [
        .address(out), .address(base), .int(count), .int64s(places), .int64s(table),
        .int(parts.count), .floats(factors), .int(outputs),
      ])
  }
}
