import Foundation
import Tensors
import Testing

@Suite struct ElementFormatTests {
  @Test func `every half precision number is decoded exactly`() {
    let bytes = Data((0...UInt16.max).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    let decoded = Tensor(mapping: bytes, as: .f16, shape: [65536]).values()
    for pattern in 0...UInt16.max {
      let found = decoded[Int(pattern)]
      #if arch(arm64)
        let expected = Float(Float16(bitPattern: pattern))
      #else
        let expected = half(pattern)
      #endif
      #expect(found == expected || found.isNaN && expected.isNaN, "\(pattern)")
    }
  }

  /// The definition: sign, 5 bits of exponent, 10 of mantissa.
  private func half(_ pattern: UInt16) -> Float {
    let sign: Float = pattern >> 15 == 1 ? -1 : 1
    let exponent = Int(pattern >> 10 & 31)
    let mantissa = Float(pattern & 1023)
    switch exponent {
    case 0: return sign * mantissa * Float(sign: .plus, exponent: -24, significand: 1)
    case 31: return mantissa == 0 ? sign * .infinity : .nan
    default:
      return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + mantissa / 1024)
    }
  }

  @Test func `bfloat16 is the upper half of a Float32`() {
    let bytes = Data([0x80, 0x3F, 0x49, 0x40, 0x00, 0xC0])
    #expect(Tensor(mapping: bytes, as: .bf16, shape: [3]).values() == [1, 3.140625, -2])
  }

  @Test func `quantised blocks, worked by hand`() {
    let one: [UInt8] = [0x00, 0x38]  // 0.5 as half
    let q8 = Data(one + (0..<32).map { UInt8(bitPattern: Int8($0 - 16)) })
    #expect(
      Tensor(mapping: q8, as: .q8_0, shape: [32]).values() == (0..<32).map { Float($0 - 16) / 2 })
    let nibbles = (0..<16).map { UInt8($0) | UInt8(15 - $0) << 4 }
    let low = (0..<16).map { Float($0) }
    let high = (0..<16).map { Float(15 - $0) }
    #expect(
      Tensor(mapping: Data(one + nibbles), as: .q4_0, shape: [32]).values()
        == (low + high).map { ($0 - 8) / 2 })
    let minimum: [UInt8] = [0x00, 0xBC]  // −1
    #expect(
      Tensor(mapping: Data(one + minimum + nibbles), as: .q4_1, shape: [32]).values()
        == (low + high).map { $0 / 2 - 1 })
  }

  @Test func `sizes of formats refuse what they cannot hold`() {
    #expect(ElementFormat.q4_1.byteCount(of: 64) == 40)
    #expect(ElementFormat.q4_1.byteCount(of: 33) == nil)
    #expect(ElementFormat.f32.byteCount(of: .max) == nil)
  }
}
