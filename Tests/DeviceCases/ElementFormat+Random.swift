package import Foundation
package import Tensors

extension ElementFormat {
  /// Where a block has halves, and how large numbers of about 1 need them: scales, and minima.
  private var halves: [(place: Int, size: Float16)] {
    switch self {
    case .f64, .f32, .f16, .bf16: []
    case .q8_0, .iq4_nl: [(0, 1.0 / 128)]
    case .q4_0: [(0, 1.0 / 8)]
    case .q5_0: [(0, 1.0 / 16)]
    case .q4_1: [(0, 1.0 / 8), (2, -1)]
    case .q5_1: [(0, 1.0 / 16), (2, -1)]
    case .q2_k: [(80, 1.0 / 24), (82, 1.0 / 12)]
    case .q3_k: [(108, 1.0 / 96)]
    case .q4_k: [(0, 1.0 / 512), (2, 1.0 / 64)]
    case .q5_k: [(0, 1.0 / 1024), (2, 1.0 / 64)]
    case .q6_k: [(208, 1.0 / 3072)]
    case .iq4_xs: [(0, 1.0 / 4096)]
    }
  }

  /// The bytes of numbers between about −1 and 1 that follow from a seed.
  package func randomBytes(count: Int, seed: UInt64) -> Data {
    var generator = SeededGenerator(seed: seed)
    var data = Data(capacity: count / blockCount * blockSize)
    for _ in 0..<(count / blockCount) {
      let number = Float.random(in: -1...1, using: &generator)
      var block = (0..<blockSize).map { _ in UInt8.random(in: 0...255, using: &generator) }
      switch self {
      case .f64: Self.put(Double(number).bitPattern, &block)
      case .f32: Self.put(number.bitPattern, &block)
      case .f16: Self.put(Float16(number).bitPattern, &block)
      case .bf16: Self.put(UInt16(number.bitPattern >> 16), &block)
      default:
        for (place, size) in halves {
          Self.put(
            (size * Float16.random(in: 0.5...1, using: &generator)).bitPattern, &block, at: place)
        }
      }
      data += block
    }
    return data
  }

  private static func put(
    _ bits: some FixedWidthInteger, _ block: inout [UInt8], at place: Int = 0
  ) {
    for byte in 0..<(bits.bitWidth / 8) {
      block[place + byte] = UInt8(truncatingIfNeeded: bits >> (8 * byte))
    }
  }
}
