/// A number for each prompt of a task.
public struct PromptValues: Sendable, Equatable, Codable {
  /// The number of each prompt, in the task's order.
  public let values: [Double]

  /// Takes the number of each prompt.
  public init(_ values: [Double]) { self.values = values }

  /// The mean over prompts.
  public var mean: Double { values.reduce(0, +) / Double(values.count) }

  /// The mean over some prompts, by their places, maybe repeated.
  func mean(of prompts: [Int]) -> Double {
    prompts.reduce(0) { $0 + values[$1] } / Double(prompts.count)
  }

  /// The standard error of the mean, `√(Σ (x − mean)² / (n − 1) / n)`; nil for one prompt.
  public var standardError: Double? {
    guard values.count > 1 else { return nil }
    let mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
  }

  /// A quantile, interpolated between neighbours: 0 is the smallest, 0.5 the median, 1 the largest.
  ///
  /// NaN is left out; the result is NaN when nothing else is there.
  public func quantile(_ share: Double) -> Double {
    precondition((0...1).contains(share), "quantile \(share)")
    let sorted = values.filter { !$0.isNaN }.sorted()
    guard !sorted.isEmpty else { return .nan }
    let place = share * Double(sorted.count - 1)
    let (low, high) = (sorted[Int(place)], sorted[Int(place.rounded(.up))])
    // Between infinite neighbours there is nothing to interpolate.
    return (high - low).isFinite ? low + (high - low) * (place - place.rounded(.down)) : low
  }
}
