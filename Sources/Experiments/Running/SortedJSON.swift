import Foundation
import Graphs

/// A value as JSON with sorted keys: the same value gives the same bytes.
package func sortedJSON(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// A number; nil when it is NaN or infinite, which JSON does not have.
func finite(_ number: Double) -> Double? { number.isFinite ? number : nil }
