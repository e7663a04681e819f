/// What keeps a trained mask small.
package enum Sparsity: Sendable {
  /// Nothing: masks are drawn at all sizes.
  case none
  /// What keeping everything costs, each number its share by the chance that its mask is not 0.
  case price(Double)
  /// What keeping one number costs, by the chance that its mask is not 0.
  case priceEach(Double)
  /// Lagrange multipliers hold the share of zeros at targets, which rise from 0 over a share of the steps:
  /// `λ₁ (s − t) + λ₂ (s − t)²` with `s = 1 − mean mask`, and λ moved up the gradient (arXiv 2204.00408).
  case targets([Target], risingOver: Double, rate: Double)

  /// How many numbers of a kind are to be 0.
  package struct Target: Sendable {
    /// Edges or writers.
    let units: MaskUnits
    /// The share of zeros.
    let share: Double

    package init(_ units: MaskUnits, _ share: Double) {
      self.units = units
      self.share = share
    }
  }

  /// The multipliers, which are trained too; nil without targets.
  var multipliers: NumberGroup? {
    guard case .targets(let targets, _, let rate) = self else { return nil }
    return NumberGroup(
      "multipliers", start: [Double](repeating: 0, count: 2 * targets.count),
      optimiser: .adam(Adam(rate: rate)), ascends: true)
  }

  /// What the masks of a step cost.
  ///
  /// - Parameters:
  ///   - numbers: The numbers behind the masks.
  ///   - draws: The masks.
  ///   - multipliers: Those of the targets, two for each.
  ///   - progress: Which share of the steps is done.
  ///   - parametrisation: How masks are made of numbers.
  ///   - map: Which number masks what.
  /// - Returns: The cost and its gradients, by the numbers and by the multipliers.
  package func cost(
    _ numbers: [Double], _ draws: [MaskDraw], multipliers: [Double], progress: Double,
    _ parametrisation: any MaskParametrisation, _ map: MaskMap
  ) -> (cost: Double, numbers: [Double], multipliers: [Double]) {
    var gradient = [Double](repeating: 0, count: numbers.count)
    var cost = 0.0
    switch self {
    case .none: return (0, gradient, [])
    case .price, .priceEach:
      let share = priceOfOne(of: numbers.count)
      for (index, number) in numbers.enumerated() {
        let (value, slope) = parametrisation.presence(number)
        cost += share * value
        gradient[index] = share * slope
      }
      return (cost, gradient, [])
    case .targets(let targets, let rise, _):
      var upward: [Double] = []
      for (index, target) in targets.enumerated() {
        let places = map.places(of: target.units)
        let share = -1 / Double(draws.count * places.count)
        let sparsity = draws.reduce(1) { sum, draw in
          places.reduce(sum) { $0 + share * draw.values[$1] }
        }
        let distance = sparsity - target.share * (rise > 0 ? min(progress / rise, 1) : 1)
        let (linear, square) = (multipliers[2 * index], multipliers[2 * index + 1])
        cost += linear * distance + square * distance * distance
        upward += [distance, distance * distance]
        let slope = linear + 2 * square * distance
        for draw in draws {
          for number in places { gradient[number] += slope * share * draw.slopes[number] }
        }
      }
      return (cost, gradient, upward)
    }
  }

  private func priceOfOne(of count: Int) -> Double {
    switch self {
    case .price(let price): price / Double(count)
    case .priceEach(let price): price
    case .none, .targets: 0
    }
  }
}
