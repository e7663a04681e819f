public import Evaluation

/// A circuit by one metric, as JSON holds it: means over prompts; NaN and infinite values are left out.
public struct MeasuredMetric: Encodable, Sendable {
  let metric: String
  let full: Double?
  let circuit: Double?
  let standardError: Double?
  let empty: Double?
  let faithfulness: Double?
  /// Quantiles over prompts of each one's own faithfulness.
  let recovered: [String: Double]

  /// Takes a metric's name and what was measured.
  public init(_ metric: String, _ found: Faithfulness) {
    self.metric = metric
    full = finite(found.full.mean)
    circuit = finite(found.circuit.mean)
    standardError = found.circuit.standardError
    empty = finite(found.empty.mean)
    faithfulness = finite(found.value)
    let shares = [("10 %", 0.1), ("25 %", 0.25), ("50 %", 0.5), ("75 %", 0.75), ("90 %", 0.9)]
    recovered = Dictionary(
      uniqueKeysWithValues: shares.compactMap { name, share in
        finite(found.recovered.quantile(share)).map { (name, $0) }
      })
  }
}

/// A number; nil when it is NaN or infinite, which JSON does not have.
package func finite(_ number: Double) -> Double? { number.isFinite ? number : nil }
