import Foundation

/// A random number generator whose whole sequence follows from its seed (SplitMix64).
///
/// The same seed gives the same numbers on every platform and in every process.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Codable {
  private var state: UInt64

  /// Starts a sequence.
  ///
  /// - Parameter seed: Any number; nearby seeds give unrelated sequences.
  public init(seed: UInt64) { state = seed }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A number from the standard normal distribution, by Box and Muller.
  package mutating func normal() -> Double {
    let radius = (-2 * log(Double.random(in: 1e-12..<1, using: &self))).squareRoot()
    return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &self))
  }
}
