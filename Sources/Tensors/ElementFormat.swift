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
  /// Blocks of 32 five-bit numbers with one scale.
  case q5_0 = "Q5_0"
  /// Blocks of 32 five-bit numbers with a scale and a minimum.
  case q5_1 = "Q5_1"
  /// Blocks of 32 four-bit places in a table of uneven steps, with one scale.
  case iq4_nl = "IQ4_NL"
  /// Blocks of 256 two-bit numbers, with a scale and a minimum for each 16.
  case q2_k = "Q2_K"
  /// Blocks of 256 three-bit numbers, with a scale for each 16.
  case q3_k = "Q3_K"
  /// Blocks of 256 four-bit numbers, with a scale and a minimum for each 32.
  case q4_k = "Q4_K"
  /// Blocks of 256 five-bit numbers, with a scale and a minimum for each 32.
  case q5_k = "Q5_K"
  /// Blocks of 256 six-bit numbers, with a scale for each 16.
  case q6_k = "Q6_K"
  /// Blocks of 256 four-bit places in a table of uneven steps, with a scale for each 32.
  case iq4_xs = "IQ4_XS"

  /// How many elements are stored together.
  public var blockCount: Int {
    switch self {
    case .f64, .f32, .f16, .bf16: 1
    case .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .iq4_nl: 32
    case .q2_k, .q3_k, .q4_k, .q5_k, .q6_k, .iq4_xs: 256
    }
  }

  /// The bytes of one block.
  public var blockSize: Int {
    switch self {
    case .f64: 8
    case .f32: 4
    case .f16, .bf16: 2
    case .q8_0: 34
    case .q4_0, .iq4_nl: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q2_k: 84
    case .q3_k: 110
    case .iq4_xs: 136
    case .q4_k: 144
    case .q5_k: 176
    case .q6_k: 210
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
