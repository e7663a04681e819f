import Files
import Foundation
import Methods
import Tensors
import Testing

/// How numbers move, on a loss whose gradient is known: the sum of all numbers, times a factor for each step.
@Suite struct OptimiserTests {
  private struct Slope: Trainable {
    var groups: [NumberGroup]
    var factors: [Double] = [1]

    init(
      _ optimiser: Optimiser, count: Int = 4, ascends: Bool = false, longest: Double? = nil,
      factors: [Double] = [1]
    ) {
      groups = [
        NumberGroup(
          "numbers", start: [Double](repeating: 5, count: count), optimiser: optimiser,
          ascends: ascends, longestGradient: longest)
      ]
      self.factors = factors
    }

    func loss(
      _ numbers: [[Double]], step: Int, using generator: inout SeededGenerator
    ) -> LossGradient {
      let factor = factors[step % factors.count]
      return LossGradient(
        loss: factor * numbers[0].reduce(0, +), gradients: [numbers[0].map { _ in factor }])
    }

    func note(_ numbers: [[Double]], step: Int) -> String { "" }
  }

  private func trained(
    _ slope: Slope, steps: Int, schedule: RateSchedule = .constant
  ) throws -> [Double] {
    var training = Training(slope, steps: steps, seed: 0, schedule: schedule)
    var path = [training.numbers[0][0]]
    while !training.isDone {
      try training.advance()
      path.append(training.numbers[0][0])
    }
    return path
  }

  @Test func `without moving, numbers are the mean of minus all gradients`() throws {
    let found = try trained(Slope(.mean, factors: [2, 5, -1]), steps: 3)
    for (one, other) in zip(found.dropFirst(), [-2, -3.5, -2]) { #expect(abs(one - other) < 1e-12) }
  }

  /// Four numbers of gradient 3 are a vector of length 6.
  @Test(arguments: [(nil, 3), (1.5, 0.75), (6, 3), (100, 3)] as [(Double?, Double)])
  func `a long gradient is cut to its length and a short one is not`(
    longest: Double?, length: Double
  ) throws {
    for ascends in [false, true] {
      let slope = Slope(.mean, ascends: ascends, longest: longest, factors: [3])
      let found = try trained(slope, steps: 1)[1]
      #expect(abs(found - (ascends ? length : -length)) < 1e-12)
    }
  }

  /// With a steady gradient every step of Adam has the length of its rate.
  @Test func `the rate rises over its share of the steps and falls to nothing`() throws {
    let adam = Optimiser.adam(Adam(rate: 0.5, epsilon: 0))
    let path = try trained(Slope(adam), steps: 20, schedule: .rising(over: 0.25))
    let moves = zip(path, path.dropFirst()).map { (one: Double, other: Double) in
      (one - other) / 0.5
    }
    let rise: [Double] = (1...5).map { Double($0) / 6 }
    let fall: [Double] = (1...15).reversed().map { Double($0) / 15 }
    for (one, other) in zip(moves, rise + fall) { #expect(abs(one - other) < 1e-9) }
    let steady = try trained(Slope(adam), steps: 7)
    #expect(abs(steady[7] - (5 - 7 * 0.5)) < 1e-9)
  }

  /// What overflows at once is the model's doing, what overflows later the training's.
  @Test(arguments: [(0, MethodError.notFinite), (3, .diverged(step: 3))])
  func `a loss that overflows says when`(step: Int, expected: MethodError) {
    let factors = (0..<5).map { $0 == step ? Double.infinity : 1 }
    #expect(throws: expected) {
      try trained(Slope(.adam(Adam(rate: 0.1)), factors: factors), steps: 5)
    }
  }

  /// As AdamW has it: `θ ← (1 − rate · decay) θ − …`.
  @Test func `decay takes a share of every number, beside the gradient`() throws {
    let adam = Optimiser.adam(Adam(rate: 0.1, epsilon: 0, decay: 0.2))
    let found = try trained(Slope(adam), steps: 1)[1]
    #expect(abs(found - (5 * (1 - 0.1 * 0.2) - 0.1)) < 1e-12)
  }

  /// The state of a training after some steps, with other numbers in one of its tensors.
  private func state(after steps: Int, _ changes: [String: [Double]] = [:]) throws -> Data {
    var training = Training(Slope(.adam(Adam(rate: 0.1))), steps: steps, seed: 0)
    while !training.isDone { try training.advance() }
    let file = try Safetensors.read(training.contents(), path: "state")
    guard case .text(let rest) = file.metadata["training"] else { return Data() }
    let tensors = file.tensors.compactMapValues(\.doubles).merging(changes) { $1 }
    return try Safetensors.encode(doubles: tensors, metadata: ["training": rest])
  }

  @Test func `a training goes on from what it can have left and from nothing else`() throws {
    let restored = { (data: Data) in
      var training = Training(Slope(.adam(Adam(rate: 0.1))), steps: 6, seed: 0)
      try training.restore(data)
      #expect(training.step <= 6)
    }
    for steps in [0, 3, 6] { try restored(state(after: steps)) }
    let odd = try [
      // A training of so many steps never comes as far as this.
      state(after: 7),
      state(after: 3, ["numbers.second": [1, 1, 1, -1e-9]]),
      state(after: 3, ["numbers": [1, 1, 1, .infinity]]),
      state(after: 3, ["numbers.first": [1, 1, .nan, 1]]),
      state(after: 3, ["numbers": [1, 1, 1]]),
      state(after: 3, ["numbers.second": [1, 1, 1, 1, 1]]),
    ]
    for data in odd { #expect(throws: MethodError.foreignState) { try restored(data) } }
  }
}
