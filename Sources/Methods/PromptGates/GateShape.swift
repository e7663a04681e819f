import Foundation
import Tensors

/// How numbers behind a prompt's mask follow from its features: `n = θ + U tanh(V φ)`, with U `[edge, rank]` and V
/// `[rank, feature]`: E (1 + rank) + rank · F numbers.
struct GateShape: Sendable, Equatable {
  let edgeCount: Int
  let rank: Int
  let width: Int

  /// Where V starts: normal, so that each row says something else of the features; U starts at 0.
  func startDirections(seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed &+ 0x6761_7465)
    return (0..<(rank * width)).map { _ in generator.normal() }
  }

  /// tanh(V φ).
  func codes(_ directions: [Double], _ features: [Double]) -> [Double] {
    (0..<rank).map { row in
      tanh(features.indices.reduce(0) { $0 + directions[row * width + $1] * features[$1] })
    }
  }

  /// The numbers of a prompt.
  ///
  /// - Parameters:
  ///   - groups: θ, U and V.
  ///   - features: The prompt's features.
  /// - Returns: A number for each edge.
  func numbers(_ groups: [[Double]], _ features: [Double]) -> [Double] {
    let codes = codes(groups[2], features)
    return (0..<edgeCount).map { edge in
      codes.indices.reduce(groups[0][edge]) { $0 + groups[1][edge * rank + $1] * codes[$1] }
    }
  }

  /// The gradients by θ, U and V, from those by the numbers of several prompts.
  func gradients(
    _ groups: [[Double]], _ numbers: [[Double]], _ features: [[Double]]
  ) -> [[Double]] {
    var base = [Double](repeating: 0, count: edgeCount)
    var gate = [Double](repeating: 0, count: edgeCount * rank)
    var directions = [Double](repeating: 0, count: rank * width)
    for (slopes, features) in zip(numbers, features) {
      let codes = codes(groups[2], features)
      var byCodes = [Double](repeating: 0, count: rank)
      for edge in 0..<edgeCount {
        base[edge] += slopes[edge]
        for code in 0..<rank {
          gate[edge * rank + code] += slopes[edge] * codes[code]
          byCodes[code] += slopes[edge] * groups[1][edge * rank + code]
        }
      }
      for code in 0..<rank {
        let slope = byCodes[code] * (1 - codes[code] * codes[code])
        for column in 0..<width {
          directions[code * width + column] += slope * features[column]
        }
      }
    }
    return [base, gate, directions]
  }
}
