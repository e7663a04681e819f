import Foundation

/// The Adam optimiser (arXiv 1412.6980), with decay beside the gradient as AdamW has it (arXiv 1711.05101).
///
///     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
///     θ ← (1 − rate · decay) θ − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
package struct Adam: Sendable, Equatable {
  /// How far a step goes.
  package var rate: Double
  package var beta1: Double
  package var beta2: Double
  package var epsilon: Double
  /// How much of every number a step takes away, times the rate.
  package var decay: Double

  package init(
    rate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    decay: Double = 0
  ) {
    self.rate = rate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.decay = decay
  }

  /// The running means of a group's gradients and their squares.
  struct Moments: Sendable, Equatable {
    var first: [Double]
    var second: [Double]

    init(count: Int) {
      first = [Double](repeating: 0, count: count)
      second = first
    }
  }

  /// Moves numbers against a gradient.
  ///
  /// - Parameters:
  ///   - numbers: The numbers.
  ///   - moments: Their running means.
  ///   - gradient: A number for each.
  ///   - step: How many steps this one makes, from 1 on.
  ///   - factor: What the rate is multiplied by.
  fileprivate func update(
    _ numbers: inout [Double], _ moments: inout Moments, _ gradient: [Double], step: Int,
    factor: Double
  ) {
    let (bias1, bias2) = (1 - pow(beta1, Double(step)), 1 - pow(beta2, Double(step)))
    let rate = rate * factor
    let kept = 1 - rate * decay
    for index in numbers.indices {
      moments.first[index] = beta1 * moments.first[index] + (1 - beta1) * gradient[index]
      moments.second[index] =
        beta2 * moments.second[index] + (1 - beta2) * gradient[index] * gradient[index]
      numbers[index] =
        kept * numbers[index] - rate * (moments.first[index] / bias1)
        / ((moments.second[index] / bias2).squareRoot() + epsilon)
    }
  }
}

/// How numbers are moved along a gradient.
package enum Optimiser: Sendable, Equatable {
  /// By Adam.
  case adam(Adam)
  /// Not along it: they are the mean of minus all gradients so far.
  case mean

  /// Moves numbers against a gradient; see ``Adam``.
  func update(
    _ numbers: inout [Double], _ moments: inout Adam.Moments, _ gradient: [Double], step: Int,
    factor: Double
  ) {
    switch self {
    case .adam(let adam):
      adam.update(&numbers, &moments, gradient, step: step, factor: factor)
    case .mean:
      if step == 1 { numbers = [Double](repeating: 0, count: numbers.count) }
      for index in numbers.indices {
        numbers[index] -= (gradient[index] + numbers[index]) / Double(step)
      }
    }
  }
}

/// How the rate changes over a training.
package enum RateSchedule: Sendable, Equatable {
  /// It does not.
  case constant
  /// It rises from 0 over the first share of the steps and then falls to 0, both in a straight line.
  case rising(over: Double)

  /// What the rate is multiplied by.
  func factor(step: Int, of steps: Int) -> Double {
    guard case .rising(let share) = self else { return 1 }
    let (place, top) = (Double(step), share * Double(steps))
    return place < top ? (place + 1) / (top + 1) : (Double(steps) - place) / (Double(steps) - top)
  }
}
