/// How numbers are stored, in memory and in files.
public enum ElementFormat: String, Sendable, CaseIterable {
  /// Float64, of sums.
  case f64 = "F64"
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
    case .f64, .f32, .f16, .bf16: 1
    case .q8_0, .q4_0, .q4_1: 32
    }
  }

  /// The bytes of one block.
  public var blockSize: Int {
    switch self {
    case .f64: 8
    case .f32: 4
    case .f16, .bf16: 2
    case .q8_0: 34
    case .q4_0: 18
    case .q4_1: 20
    }
  }

  /// What addresses must be multiples of: kernels read Float32 and Float64 as they lie, everything else
  /// byte by byte.
  var alignment: Int {
    switch self {
    case .f64, .f32: blockSize
    default: 1
    }
  }

  /// The bytes of `count` elements; nil when they are no whole number of blocks or too many.
  public func byteCount(of count: Int) -> Int? {
    guard count >= 0, count % blockCount == 0 else { return nil }
    let (bytes, overflow) = (count / blockCount).multipliedReportingOverflow(by: blockSize)
    return overflow ? nil : bytes
  }
}
