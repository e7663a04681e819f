internal import CKernels

#if canImport(Accelerate)
  internal import Accelerate
#else
  internal import COneDNN
#endif

extension CPUBackend {
  /// Forms all products at once, in tiles whose sizes depend on nothing but the shapes.
  ///
  /// Each tile is one sequential call of the BLAS. Its own threads would split some products along
  /// `k`, and the number of threads would then change the last digits of the sum.
  func multiply(_ products: [MatrixProduct], into out: Address, adding: Bool) {
    let tiles = products.indices.flatMap { index in
      tileRanges(of: products[index].target).map {
        (product: index, rows: $0.rows, columns: $0.columns)
      }
    }
    parallelFor(tiles.count) { index in
      let tile = tiles[index]
      let (left, right) = (products[tile.product].left, products[tile.product].right)
      let target = products[tile.product].target
      unsafe sgemm(
        left.panel(left.isTransposed ? .columns(tile.rows) : .rows(tile.rows), of: .left),
        right.panel(right.isTransposed ? .rows(tile.columns) : .columns(tile.columns), of: .right),
        inner: left.columnCount,
        into: Window(
          floats: out.floats + target.rows(tile.rows).offset + tile.columns.lowerBound,
          stride: target.stride, rows: tile.rows.count, columns: tile.columns.count),
        adding: adding)
    }
  }

  /// The terms lie anywhere in memory.
  ///
  /// Pieces of all of them are brought together, a piece of every output is
  /// one product, and the pieces are shared among threads.
  func weightedSums(
    _ out: Address, base: Address, count: Int, terms: [Address], _ parts: [SumPart], outputs: Int
  ) {
    let pieces = parts.enumerated().flatMap { part, values in
      stride(from: values.range.lowerBound, to: values.range.upperBound, by: pieceLength).map {
        (part: part, range: $0..<min($0 + pieceLength, values.range.upperBound))
      }
    }
    parallelFor(pieces.count) { index in
      let (part, range) = (parts[pieces[index].part], pieces[index].range)
      for output in 0..<outputs {
        unsafe (out.floats + output * count + range.lowerBound).update(
          from: base.floats + range.lowerBound, count: range.count)
      }
      guard !part.terms.isEmpty else { return }
      let pack = unsafe scratch(part.terms.count * range.count, .right)
      for (place, term) in part.terms.enumerated() {
        unsafe (pack + place * range.count).update(
          from: terms[term].floats + range.lowerBound, count: range.count)
      }
      unsafe part.factors.withUnsafeBufferPointer { factors in
        guard let factors = factors.baseAddress else { return }
        unsafe sgemm(
          Panel(floats: factors, stride: outputs, isTransposed: true),
          Panel(floats: pack, stride: range.count, isTransposed: false),
          inner: part.terms.count,
          into: Window(
            floats: out.floats + range.lowerBound, stride: count, rows: outputs,
            columns: range.count),
          adding: true)
      }
    }
  }
}

/// Elements of a term that are brought together: those of many terms fit into a core's own cache.
private let pieceLength = 1024

/// Even ranges of a target: large enough to amortise packing, many enough to share among threads.
private func tileRanges(of target: MatrixLayout) -> [(rows: Range<Int>, columns: Range<Int>)] {
  guard target.rowCount > 0, target.columnCount > 0 else { return [] }
  let rows = evenRanges(of: target.rowCount, atMost: 256)
  let columns = evenRanges(of: target.columnCount, atMost: 384)
  return columns.flatMap { columns in rows.map { ($0, columns) } }
}

/// One side of a product as the BLAS takes it.
@unsafe private struct Panel {
  let floats: UnsafePointer<Float>
  let stride: Int
  let isTransposed: Bool
}

/// Where a product goes.
@unsafe private struct Window {
  let floats: UnsafeMutablePointer<Float>
  let stride: Int
  let rows: Int
  let columns: Int
}

/// Which of a thread's two scratch areas.
private enum Side: Int32 {
  case left, right
}

/// A thread's own memory for decoded panels, valid until it asks for more of the same side.
private func scratch(_ count: Int, _ side: Side) -> UnsafeMutablePointer<Float> {
  guard let memory = unsafe ek_scratch(side.rawValue, Int64(count)) else {
    preconditionFailure("no memory for a panel of \(count) numbers")
  }
  return unsafe memory
}

extension Matrix {
  /// Some rows or columns of the stored matrix.
  fileprivate enum Part {
    case rows(Range<Int>)
    case columns(Range<Int>)
  }

  /// A part of the matrix as Float32: in place, or decoded into the thread's scratch.
  fileprivate func panel(_ part: Part, of side: Side) -> Panel {
    let window =
      switch part {
      case .rows(let range): layout.rows(range)
      case .columns(let range): layout.columns(range)
      }
    let format = storage.format
    guard format != .f32 else {
      return unsafe Panel(
        floats: Address(storage, offset: window.offset).floats, stride: layout.stride,
        isTransposed: isTransposed)
    }
    // Blocks are decoded whole, with what lies beside the window in its first and last one.
    let block = format.blockCount
    let margin = window.offset % block
    let width = (margin + window.columnCount + block - 1) / block * block
    let floats = unsafe scratch(window.rowCount * width, side)
    unsafe ek_decode(
      floats, Address(storage, offset: window.offset - margin).bytes, format.kernelFormat,
      Int64(window.rowCount), Int64(format.byteCount(of: window.stride) ?? 0), Int64(width),
      Int64(width))
    return unsafe Panel(floats: floats + margin, stride: width, isTransposed: isTransposed)
  }
}

/// One sequential product: out = left · right, or added to it.
@unsafe private func sgemm(
  _ left: Panel, _ right: Panel, inner: Int, into out: Window, adding: Bool
) {
  let beta: Float = adding ? 1 : 0
  #if canImport(Accelerate)
    unsafe cblas_sgemm(
      CblasRowMajor, left.isTransposed ? CblasTrans : CblasNoTrans,
      right.isTransposed ? CblasTrans : CblasNoTrans, Int32(out.rows), Int32(out.columns),
      Int32(inner), 1, left.floats, Int32(left.stride), right.floats, Int32(right.stride), beta,
      out.floats, Int32(out.stride))
  #else
    let letter = { CChar(UInt8(ascii: $0 ? "T" : "N")) }
    let status = unsafe dnnl_sgemm(
      letter(left.isTransposed), letter(right.isTransposed), Int64(out.rows), Int64(out.columns),
      Int64(inner), 1, left.floats, Int64(left.stride), right.floats, Int64(right.stride), beta,
      out.floats, Int64(out.stride))
    precondition(status == dnnl_success, "oneDNN refused a matrix product: \(status)")
  #endif
}
