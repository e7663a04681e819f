/// Vectors of several tasks that are kept near a central one (cross-learning, arXiv 2010.12993).
///
/// The projection of `(y_1 … y_T, y_c)` onto `‖x_t − x_c‖ ≤ ε` for all t, the nearest point that fulfils them all. With a
/// multiplier `μ_t ≥ 0` for each constraint `½ ‖x_t − x_c‖² ≤ ½ ε²`, the conditions of the optimum are
///
///     x_t = (y_t + μ_t x_c) / (1 + μ_t),    x_c (1 + Σ w_t) = y_c + Σ w_t y_t,    w_t = μ_t / (1 + μ_t)
///
/// so that `w_t = max(0, 1 − ε / d_t)` with `d_t = ‖y_t − x_c‖`: each task is pulled straight towards the centre until it is
/// near enough. The centre lies in the span of all vectors, and the T numbers that say where are found on their Gram matrix
/// alone, whatever the vectors' length; what they minimise, `½ ‖x_c − y_c‖² + ½ Σ max(0, d_t − ε)²`, bends by 1 at least and
/// by T + 1 at most, so that Nesterov's accelerated gradient reaches rounding in steps that grow with `√(T + 1)`.
///
/// ε = 0 makes all vectors the mean of the T + 1. Vectors that are near enough, as with ε = ∞, stay what they are, bit by bit.
public struct CoupledVectors: Sendable, Equatable {
  /// The vector of each task.
  public let tasks: [[Double]]
  /// The central vector.
  public let center: [Double]
  /// For each task the multiplier of `‖x_t − x_c‖ ≤ ε`, which is `ε μ_t = ‖y_t − x_t‖`: how hard it pulls away from the centre.
  ///
  /// 0 where the task is near enough by itself; with ε = 0 its distance to the mean.
  public let multipliers: [Double]

  /// Projects vectors.
  ///
  /// - Parameters:
  ///   - tasks: The vector of each task.
  ///   - center: The central vector, as long as the others.
  ///   - radius: ε, how far a task may be from the centre; 0 or more, maybe infinite.
  public init(projecting tasks: [[Double]], around center: [Double], within radius: Double) {
    precondition(tasks.allSatisfy { $0.count == center.count }, "vectors of different lengths")
    precondition(radius >= 0, "a radius of \(radius)")
    let gram = Gram(tasks, around: center)
    let apart = gram.distances([Double](repeating: 0, count: tasks.count))
    guard apart.contains(where: { $0 > radius }) else {
      self.tasks = tasks
      self.center = center
      multipliers = [Double](repeating: 0, count: tasks.count)
      return
    }
    let shares = gram.center(within: radius)
    let center = center.indices.map { index in
      zip(tasks, shares).reduce(center[index]) { $0 + $1.1 * ($1.0[index] - center[index]) }
    }
    let distances = tasks.map { distance($0, center) }
    self.center = center
    multipliers = distances.map { max(0, $0 - radius) }
    self.tasks = zip(tasks, distances).map { task, distance in
      guard distance > radius else { return task }
      return zip(task, center).map { $1 + radius / distance * ($0 - $1) }
    }
  }

  /// For each task how far it is from the centre.
  public var distances: [Double] { tasks.map { distance($0, center) } }
}

/// The Euclidean distance of two vectors.
private func distance(_ one: [Double], _ other: [Double]) -> Double {
  zip(one, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
}

/// The products `(y_s − y_c) · (y_t − y_c)`: the central vector is the origin, whose own row is 0.
private struct Gram {
  private let products: [[Double]]

  init(_ tasks: [[Double]], around center: [Double]) {
    let moved = tasks.map { zip($0, center).map { $0 - $1 } }
    products = moved.map { one in
      moved.map { other in zip(one, other).reduce(0) { $0 + $1.0 * $1.1 } }
    }
  }

  /// How far each task is from the point `y_c + Σ shares_s (y_s − y_c)`.
  func distances(_ shares: [Double]) -> [Double] {
    let along = products.map { zip($0, shares).reduce(0) { $0 + $1.0 * $1.1 } }
    let square = zip(along, shares).reduce(0) { $0 + $1.0 * $1.1 }
    return products.indices.map {
      max(0, square - 2 * along[$0] + products[$0][$0]).squareRoot()
    }
  }

  /// Where the centre of the projection lies, as shares of the tasks.
  func center(within radius: Double) -> [Double] {
    let condition = Double(products.count + 1)
    let momentum = (condition.squareRoot() - 1) / (condition.squareRoot() + 1)
    var shares = [Double](repeating: 0, count: products.count)
    var ahead = shares
    // An error shrinks by e or more in 2 √(T + 1) steps.
    for _ in 0..<Int(80 * condition.squareRoot()) {
      let weights = distances(ahead).map { $0 > radius ? 1 - radius / $0 : 0 }
      let sum = 1 + weights.reduce(0, +)
      let next = zip(ahead, weights).map { $0 - (sum * $0 - $1) / condition }
      ahead = zip(next, shares).map { $0 + momentum * ($0 - $1) }
      shares = next
    }
    return shares
  }
}
