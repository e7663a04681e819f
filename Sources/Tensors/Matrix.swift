/// Where a matrix lies inside of a tensor: a window of rows and columns.
package struct MatrixLayout: Sendable, Equatable {
  package var offset: Int
  package var rowCount: Int
  package var columnCount: Int
  /// Elements from one row to the next.
  package var stride: Int

  package init(offset: Int, rowCount: Int, columnCount: Int, stride: Int) {
    self.offset = offset
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.stride = stride
  }

  package func rows(_ range: Range<Int>) -> MatrixLayout {
    precondition(range.upperBound <= rowCount, "rows \(range) of \(rowCount)")
    return MatrixLayout(
      offset: offset + range.lowerBound * stride, rowCount: range.count, columnCount: columnCount,
      stride: stride)
  }

  package func columns(_ range: Range<Int>) -> MatrixLayout {
    precondition(range.upperBound <= columnCount, "columns \(range) of \(columnCount)")
    return MatrixLayout(
      offset: offset + range.lowerBound, rowCount: rowCount, columnCount: range.count,
      stride: stride)
  }

  /// One past the last element that the window touches.
  var end: Int {
    rowCount == 0 || columnCount == 0 ? offset : offset + (rowCount - 1) * stride + columnCount
  }
}

extension Tensor {
  /// The window of the whole tensor as a matrix `[rows, last axis]`.
  package var layout: MatrixLayout {
    MatrixLayout(offset: 0, rowCount: rowCount, columnCount: columnCount, stride: columnCount)
  }

  /// The window of a tensor as a matrix `[outermost axis, everything else]`.
  package var blockLayout: MatrixLayout {
    let width = shape.dropFirst().reduce(1, *)
    return MatrixLayout(offset: 0, rowCount: shape[0], columnCount: width, stride: width)
  }

  /// The matrix `[rows, last axis]`.
  package var matrix: Matrix { Matrix(stored, layout) }

  /// The matrix `[outermost axis, everything else]`.
  package var blockMatrix: Matrix { Matrix(stored, blockLayout) }
}

/// A window of a storage to be read as a matrix, maybe transposed.
package struct Matrix: Sendable {
  let storage: Storage
  /// The window, counted from the storage's start.
  let layout: MatrixLayout
  private(set) var isTransposed = false

  fileprivate init(_ start: Address, _ layout: MatrixLayout) {
    var layout = layout
    layout.offset += start.offset
    self.init(start.storage, layout, isTransposed: false)
  }

  private init(_ storage: Storage, _ layout: MatrixLayout, isTransposed: Bool) {
    precondition(layout.end <= storage.count, "\(layout) in \(storage.count) elements")
    self.storage = storage
    self.layout = layout
    self.isTransposed = isTransposed
  }

  package var rowCount: Int { isTransposed ? layout.columnCount : layout.rowCount }
  package var columnCount: Int { isTransposed ? layout.rowCount : layout.columnCount }

  package var transposed: Matrix {
    var copy = self
    copy.isTransposed.toggle()
    return copy
  }

  /// Some rows of the stored matrix (before it was transposed).
  package func rows(_ range: Range<Int>) -> Matrix {
    Matrix(storage, layout.rows(range), isTransposed: isTransposed)
  }

  /// Some columns of the stored matrix (before it was transposed).
  package func columns(_ range: Range<Int>) -> Matrix {
    Matrix(storage, layout.columns(range), isTransposed: isTransposed)
  }
}
