internal import CKernels
package import Foundation

/// How a checkpoint stores numbers.
public enum ElementFormat: String, Sendable, CaseIterable {
  /// Float32.
  case f32 = "F32"
  /// IEEE half precision.
  case f16 = "F16"
  /// The upper half of a Float32.
  case bf16 = "BF16"
  /// Blocks of 32 signed bytes with one scale.
  case q8_0 = "Q8_0"
  /// Blocks of 32 four-bit numbers with one scale.
  case q4_0 = "Q4_0"
  /// Blocks of 32 four-bit numbers with a scale and a minimum.
  case q4_1 = "Q4_1"

  /// How many elements are stored together.
  public var blockCount: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q8_0, .q4_0, .q4_1: 32
    }
  }

  /// The bytes of one block.
  public var blockSize: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q8_0: 34
    case .q4_0: 18
    case .q4_1: 20
    }
  }

  /// The bytes of `count` elements; nil when they are no whole number of blocks or too many.
  public func byteCount(of count: Int) -> Int? {
    guard count >= 0, count % blockCount == 0 else { return nil }
    let (bytes, overflow) = (count / blockCount).multipliedReportingOverflow(by: blockSize)
    return overflow ? nil : bytes
  }

  private var format: ek_format {
    switch self {
    case .f32: ek_f32
    case .f16: ek_f16
    case .bf16: ek_bf16
    case .q8_0: ek_q8_0
    case .q4_0: ek_q4_0
    case .q4_1: ek_q4_1
    }
  }

  /// Converts stored numbers, in bytes that may lie at any address, to Float32.
  ///
  /// - Parameters:
  ///   - bytes: As many bytes as the shape needs in this format.
  ///   - shape: The shape of the tensor.
  /// - Returns: The numbers as Float32, of the shape.
  package func decode(_ bytes: Data, shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    precondition(
      bytes.count == byteCount(of: count), "\(bytes.count) bytes for \(shape) of \(self)")
    return unsafe Tensor(shape: shape) { out in
      unsafe bytes.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe ek_decode(out, base, format, Int64(count))
      }
    }
  }
}

extension Tensor {
  /// The elements as little-endian Float32 bytes.
  package var littleEndianBytes: Data {
    unsafe elements.withUnsafeBytes { unsafe Data($0) }
  }
}
