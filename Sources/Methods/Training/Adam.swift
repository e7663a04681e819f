import Foundation

/// The Adam optimiser (arXiv 1412.6980) with β₁ = 0.9, β₂ = 0.999 and ε = 1e-8.
struct Adam: Codable {
  private var first: [Double]
  private var second: [Double]
  private var step = 0

  init(count: Int) {
    first = [Double](repeating: 0, count: count)
    second = first
  }

  /// Whether it can have moved so many numbers so often: what was read back can be anything.
  func hasMoved(_ count: Int, steps: Int) -> Bool {
    step == steps && first.count == count && second.count == count
      && first.allSatisfy(\.isFinite) && second.allSatisfy { $0 >= 0 && $0.isFinite }
  }

  /// Moves numbers against a gradient.
  mutating func update(_ numbers: inout [Double], _ gradient: [Double], rate: Double) {
    step += 1
    let (bias1, bias2) = (1 - pow(0.9, Double(step)), 1 - pow(0.999, Double(step)))
    for index in numbers.indices {
      first[index] = 0.9 * first[index] + 0.1 * gradient[index]
      second[index] = 0.999 * second[index] + 0.001 * gradient[index] * gradient[index]
      numbers[index] -=
        rate * (first[index] / bias1) / ((second[index] / bias2).squareRoot() + 1e-8)
    }
  }
}
