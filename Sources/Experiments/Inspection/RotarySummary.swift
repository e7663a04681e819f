import Foundation
import Reports

/// How queries and keys are turned by their positions, told from the angles alone: `base^(−2i/n)` per position for the
/// i-th pair of n elements, unless they are scaled.
package struct RotarySummary: Encodable, Equatable, Sendable {
  /// How many elements of each head are turned.
  let elements: Int
  /// The base; nil where the angles follow none.
  let base: Double?
  /// What all positions are divided by; nil for 1.
  let positionsDividedBy: Double?
  /// How many of the slowest pairs are slower than the base says; nil for none.
  let slowedPairs: Int?
  /// How many times slower the slowest of those is.
  let slowedUpTo: Double?
  /// The fastest pair's angle per position.
  let fastest: Double
  /// The slowest pair's.
  let slowest: Double
  /// What turned elements are multiplied by; nil for 1.
  let amplitude: Double?

  /// - Parameters:
  ///   - angles: Angles per position of each rotated pair, at least one, fastest first.
  ///   - amplitude: What turned elements are multiplied by.
  package init(_ angles: [Double], amplitude: Double = 1) {
    elements = 2 * angles.count
    (fastest, slowest) = (angles[0], angles[angles.count - 1])
    self.amplitude = amplitude == 1 ? nil : amplitude
    let ratio = angles.count > 1 ? angles[0] / angles[1] : 1
    let slowness = angles.enumerated().map { angles[0] * pow(ratio, -Double($0)) / $1 }
    let following = slowness.prefix { abs($0 - 1) < 1e-5 }.count
    // Any two angles follow some base, which then need not be the model's.
    let hasBase = following > 2 && slowness.allSatisfy { $0 > 1 - 1e-5 }
    base = hasBase ? pow(ratio, Double(angles.count)) : nil
    positionsDividedBy = hasBase && abs(angles[0] - 1) > 1e-6 ? 1 / angles[0] : nil
    let isSlowed = hasBase && following < angles.count
    slowedPairs = isSlowed ? angles.count - following : nil
    slowedUpTo = isSlowed ? slowness.max() : nil
  }

  /// The angles in words.
  ///
  /// - Parameter width: How many elements a head has.
  /// - Returns: Such as `base 10,000, 16 of 64 elements of each head`.
  package func text(width: Int) -> String {
    var parts = [
      base.map { "base \(Numbers.plain($0))" }
        ?? "angles from \(Numbers.plain(fastest)) to \(Numbers.plain(slowest)) per position, of no one base"
    ]
    if let positionsDividedBy {
      parts.append("positions divided by \(Numbers.plain(positionsDividedBy))")
    }
    if let slowedPairs, let slowedUpTo {
      parts.append(
        "the slowest \(slowedPairs) of \(elements / 2) pairs slower, up to \(Numbers.plain(slowedUpTo)) times"
      )
    }
    if elements < width { parts.append("\(elements) of \(width) elements of each head") }
    if let amplitude { parts.append("multiplied by \(Numbers.plain(amplitude))") }
    return parts.joined(separator: ", ")
  }
}
