import Foundation

/// Which elements of a storage a tensor has, and in which order, as PyTorch writes it.
struct StridedWindow {
  private let shape: [Int]
  private let strides: [Int]
  private let offset: Int
  private let count: Int

  /// Nil for a window that does not lie in the storage.
  ///
  /// - Parameters:
  ///   - shape: The tensor's axes.
  ///   - strides: How many elements lie between neighbours along each axis.
  ///   - offset: The first element.
  ///   - available: How many elements the storage has.
  init?(shape: [Int], strides: [Int], offset: Int, in available: Int) {
    guard strides.count == shape.count, let count = Safetensors.product(shape),
      strides.allSatisfy({ $0 >= 0 }), offset >= 0
    else { return nil }
    // A tensor that repeats a few elements without end would fill the memory.
    guard count <= available else { return nil }
    if count > 0 {
      var last = offset
      for (length, stride) in zip(shape, strides) {
        let (span, isLong) = (length - 1).multipliedReportingOverflow(by: stride)
        let (end, isFar) = last.addingReportingOverflow(span)
        guard !isLong, !isFar else { return nil }
        last = end
      }
      guard last < available else { return nil }
    }
    (self.shape, self.strides, self.offset, self.count) = (shape, strides, offset, count)
  }

  /// Whether the elements lie behind each other.
  private var isContiguous: Bool {
    var expected = 1
    for (length, stride) in zip(shape, strides).reversed() {
      if length != 1, stride != expected { return false }
      expected *= length
    }
    return true
  }

  /// The elements in row-major order, `width` bytes each.
  func bytes(of storage: Data, width: Int) -> Data {
    guard count > 0 else { return Data() }
    let start = storage.startIndex
    guard !isContiguous else {
      return storage[(start + offset * width)..<(start + (offset + count) * width)]
    }
    var bytes = Data(capacity: count * width)
    var place = [Int](repeating: 0, count: shape.count)
    for _ in 0..<count {
      let element = zip(place, strides).reduce(offset) { $0 + $1.0 * $1.1 }
      bytes += storage[(start + element * width)..<(start + (element + 1) * width)]
      for axis in shape.indices.reversed() {
        place[axis] += 1
        guard place[axis] == shape[axis] else { break }
        place[axis] = 0
      }
    }
    return bytes
  }
}
