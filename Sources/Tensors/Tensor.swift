internal import CKernels

/// A dense array of Float32 numbers with named-by-convention axes, stored row by row.
///
/// The last axis is contiguous. A tensor is a value: copies share their elements until one changes.
/// A shape that does not fit is a programmer's error and traps with both shapes in the message.
public struct Tensor: Sendable, Equatable {
  /// The length of each axis, outermost first.
  public private(set) var shape: [Int]
  /// All elements in storage order; their count is the product of the shape.
  public internal(set) var elements: [Float]

  /// Wraps elements that are already in storage order.
  ///
  /// - Parameters:
  ///   - elements: The elements, outermost axis first.
  ///   - shape: The length of each axis.
  public init(_ elements: [Float], shape: [Int]) {
    precondition(
      elements.count == shape.reduce(1, *),
      "a tensor of shape \(shape) needs \(shape.reduce(1, *)) elements, found \(elements.count)")
    self.elements = elements
    self.shape = shape
  }

  /// Makes a tensor of zeros.
  ///
  /// - Parameter shape: The length of each axis.
  public init(zeros shape: [Int]) {
    self.init([Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
  }

  /// Makes a tensor whose elements `fill` writes, all of them.
  init(shape: [Int], filledBy fill: (UnsafeMutablePointer<Float>) -> Void) {
    let count = shape.reduce(1, *)
    self.shape = shape
    unsafe elements = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { unsafe fill(base) }
      initialized = count
    }
  }

  /// How many elements there are.
  public var count: Int { elements.count }
  /// The length of the last axis.
  package var columnCount: Int { shape.last ?? 1 }
  /// The product of all axes but the last.
  package var rowCount: Int { shape.dropLast().reduce(1, *) }

  /// The element at one index for each axis.
  public subscript(indices: Int...) -> Float {
    precondition(indices.count == shape.count, "\(indices.count) indices into shape \(shape)")
    var offset = 0
    for (index, length) in zip(indices, shape) {
      precondition(index >= 0 && index < length, "index \(indices) outside of shape \(shape)")
      offset = offset * length + index
    }
    return elements[offset]
  }

  /// The same elements under another shape with as many elements.
  package func reshaped(_ shape: [Int]) -> Tensor { Tensor(elements, shape: shape) }

  /// The blocks `range` of the outermost axis, copied.
  package func slice(_ range: Range<Int>) -> Tensor {
    let block = shape.dropFirst().reduce(1, *)
    return Tensor(
      Array(elements[(range.lowerBound * block)..<(range.upperBound * block)]),
      shape: [range.count] + shape.dropFirst())
  }

  /// One block of the outermost axis, copied, without that axis.
  package func slice(block index: Int) -> Tensor {
    slice(index..<(index + 1)).reshaped(Array(shape.dropFirst()))
  }

  /// Takes the last block of the outermost axis off and returns it without that axis.
  package mutating func removeLastBlock() -> Tensor {
    let last = slice(block: shape[0] - 1)
    elements.removeLast(last.count)
    shape[0] -= 1
    return last
  }

  /// One row of the last axis.
  package func row(_ index: Int) -> ArraySlice<Float> {
    elements[(index * columnCount)..<((index + 1) * columnCount)]
  }

  /// Whether no element is infinite or not a number.
  package var isFinite: Bool { unsafe ek_all_finite(elements, Int64(count)) }
}
