import Experiments
import Foundation
import Testing

/// What is told of a model's angles and layers.
@Suite struct RotarySummaryTests {
  private func angles(_ base: Double, _ count: Int) -> [Double] {
    (0..<count).map { pow(base, -Double($0) / Double(count)) }
  }

  @Test(arguments: [2.5, 50, 10_000, 1e6]) func `the base is told from the angles`(base: Double) {
    for count in [3, 8, 64] {
      #expect(
        RotarySummary(angles(base, count)).text(width: 2 * count)
          == "base \(base == 2.5 ? "2.5" : base == 50 ? "50" : base == 1e6 ? "1,000,000" : "10,000")"
      )
    }
  }

  @Test func `scalings, parts of a head and amplitudes are said`() {
    let plain = angles(10_000, 8)
    #expect(
      RotarySummary(plain.map { $0 / 8 }).text(width: 16) == "base 10,000, positions divided by 8")
    let slowed = plain.enumerated().map { $0 < 5 ? $1 : $0 == 5 ? $1 / 2.5 : $1 / 8 }
    #expect(
      RotarySummary(slowed).text(width: 16)
        == "base 10,000, the slowest 3 of 8 pairs slower, up to 8 times")
    #expect(
      RotarySummary(plain, amplitude: 1.25).text(width: 40)
        == "base 10,000, 16 of 40 elements of each head, multiplied by 1.25")
    // Two angles follow some base, and others none: neither is claimed.
    for odd in [[1, 0.1], [1], [1, 0.5, 0.3, 0.1], [1, 0.5, 0.25, 0.2]] {
      #expect(
        RotarySummary(odd).text(width: 2 * odd.count).hasPrefix("angles from 1 to "), "\(odd)")
    }
  }

  @Test func `layers are named in a few words`() {
    let odd = Array(stride(from: 1, to: 42, by: 2))
    let global = Array(stride(from: 5, to: 26, by: 6))
    for (layers, count, text) in [
      (Array(0..<3), 3, "all layers"), ([1], 3, "layer 1"), ([0, 2], 3, "layers 0, 2"),
      ([0, 1, 2, 3, 7], 9, "layers 0–3, 7"), (odd, 42, "layers 1, 3, …, 41"),
      (global, 26, "layers 5, 11, 17, 23"),
      ((0..<26).filter { !global.contains($0) }, 26, "layers 0–4, 6–10, 12–16, 18–22, 24, 25"),
      (Array(0..<60).filter { $0 % 6 != 5 }, 60, "all layers but 5, 11, …, 59"),
    ] { #expect(layerNames(layers, of: count) == text) }
  }
}
