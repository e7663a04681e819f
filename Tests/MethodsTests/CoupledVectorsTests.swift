import Foundation
import Methods
import Tensors
import TestSupport
import Testing

/// The projection onto vectors that are near a central one.
@Suite struct CoupledVectorsTests {
  private typealias Case = (tasks: [[Double]], center: [Double])

  /// Random vectors, some of them far away and two of them alike.
  private func vectors(_ taskCount: Int, seed: UInt64, length: Int = 7) -> Case {
    var generator = SeededGenerator(seed: seed)
    let vector = { (size: Double) in
      (0..<length).map { _ in Double.random(in: -size...size, using: &generator) }
    }
    var tasks = (0..<taskCount).map { vector([1, 0.2, 30][$0 % 3]) }
    if taskCount > 4 { tasks[4] = tasks[0] }
    return (tasks, vector(1))
  }

  private func scale(_ vectors: Case) -> Double {
    (vectors.tasks + [vectors.center]).map { $0.map(abs).max() ?? 0 }.max() ?? 0
  }

  private func distance(_ one: [Double], _ other: [Double]) -> Double {
    zip(one, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }

  /// Dykstra's algorithm: projects onto one constraint after another, with a correction for each.
  private func dykstra(_ vectors: Case, _ radius: Double) -> Case {
    var (tasks, center) = vectors
    let zero = [Double](repeating: 0, count: center.count)
    var corrections = tasks.map { _ in (task: zero, center: zero) }
    for _ in 0..<400 {
      for index in tasks.indices {
        let task = zip(tasks[index], corrections[index].task).map { $0 + $1 }
        let middle = zip(center, corrections[index].center).map { $0 + $1 }
        // Both ends move towards each other by the same.
        let apart = distance(task, middle)
        let share = apart > radius ? (1 - radius / apart) / 2 : 0
        tasks[index] = zip(task, middle).map { $0 + share * ($1 - $0) }
        center = zip(middle, task).map { $0 + share * ($1 - $0) }
        corrections[index] = (
          zip(task, tasks[index]).map { $0 - $1 }, zip(middle, center).map { $0 - $1 }
        )
      }
    }
    return (tasks, center)
  }

  @Test(arguments: [1, 2, 3, 5], [0.01, 0.5, 3, 20])
  func `it is feasible and as near as another projector finds`(count: Int, radius: Double) {
    for seed in 0..<3 as Range<UInt64> {
      let given = vectors(count, seed: seed)
      let found = CoupledVectors(projecting: given.tasks, around: given.center, within: radius)
      let expected = dykstra(given, radius)
      for task in found.tasks {
        #expect(distance(task, found.center) <= radius + 1e-9 * scale(given))
      }
      expectClose(
        found.tasks.flatMap(\.self) + found.center,
        expected.tasks.flatMap(\.self) + expected.center, relative: 1e-5, to: scale(given))
    }
  }

  /// The conditions of the optimum, with as many tasks as nobody tests by hand.
  @Test(arguments: [2, 10, 60], [0.1, 2, 10])
  func `multipliers fulfil the conditions of the optimum`(
    count: Int, radius: Double
  ) {
    let given = vectors(count, seed: 7, length: 40)
    let found = CoupledVectors(projecting: given.tasks, around: given.center, within: radius)
    var pulls = [Double](repeating: 0, count: given.center.count)
    for (index, task) in found.tasks.enumerated() {
      let multiplier = found.multipliers[index] / radius
      #expect(multiplier >= 0)
      let slack = radius - distance(task, found.center)
      #expect(multiplier == 0 || abs(slack) < 1e-9 * scale(given))
      expectClose(
        task,
        zip(given.tasks[index], found.center).map { ($0 + multiplier * $1) / (1 + multiplier) },
        relative: 1e-9, to: scale(given))
      pulls = pulls.indices.map { pulls[$0] + multiplier * (task[$0] - found.center[$0]) }
    }
    expectClose(
      zip(found.center, given.center).map { $0 - $1 }, pulls, relative: 1e-9,
      to: scale(given) * Double(count))
  }

  @Test(arguments: [0.3, 4, 12]) func `what is projected stays`(radius: Double) {
    let given = vectors(5, seed: 3)
    let once = CoupledVectors(projecting: given.tasks, around: given.center, within: radius)
    let twice = CoupledVectors(projecting: once.tasks, around: once.center, within: radius)
    expectClose(
      twice.tasks.flatMap(\.self) + twice.center, once.tasks.flatMap(\.self) + once.center,
      relative: 1e-12, to: scale(given))
  }

  @Test(arguments: [1, 2, 5]) func `without room all vectors are one, and it is their mean`(
    count: Int
  ) {
    let given = vectors(count, seed: 11)
    let found = CoupledVectors(projecting: given.tasks, around: given.center, within: 0)
    for task in found.tasks { #expect(task == found.center) }
    let all = given.tasks + [given.center]
    let mean = given.center.indices.map { index in
      all.reduce(0) { $0 + $1[index] } / Double(all.count)
    }
    expectClose(found.center, mean, relative: 1e-12, to: scale(given))
    // It pulls as hard as it is away from the mean.
    expectClose(
      found.multipliers, given.tasks.map { distance($0, mean) }, relative: 1e-12, to: scale(given))
  }

  @Test func `with room enough nothing moves`() {
    let given = vectors(5, seed: 12)
    let farthest = given.tasks.map { distance($0, given.center) }.max() ?? 0
    for radius in [.infinity, 1.001 * farthest] {
      let found = CoupledVectors(projecting: given.tasks, around: given.center, within: radius)
      #expect(found.tasks == given.tasks && found.center == given.center)
      #expect(found.multipliers.allSatisfy { $0 == 0 })
    }
    let nearer = CoupledVectors(
      projecting: given.tasks, around: given.center, within: 0.99 * farthest)
    #expect(nearer.tasks != given.tasks && nearer.multipliers.contains { $0 > 0 })
  }

  /// Whoever is near enough is let alone by those who are not.
  @Test func `only those that are too far have a multiplier`() {
    let found = CoupledVectors(
      projecting: [[0, 0], [10, 0]], around: [0, 0], within: 4)
    // Of the 6 that are too much the centre goes one half and the second task the other.
    expectClose(found.center, [3, 0], relative: 1e-12)
    expectClose(found.multipliers, [0, 3], relative: 1e-12)
    #expect(found.tasks[0] == [0, 0])
    expectClose(found.tasks[1], [7, 0], relative: 1e-12)
    expectClose(found.distances, [3, 4], relative: 1e-12)
  }

  @Test func `the order of tasks is of no meaning`() {
    let given = vectors(5, seed: 13)
    let order = [3, 0, 4, 2, 1]
    let found = CoupledVectors(projecting: given.tasks, around: given.center, within: 1.5)
    let other = CoupledVectors(
      projecting: order.map { given.tasks[$0] }, around: given.center, within: 1.5)
    expectClose(
      other.tasks.flatMap(\.self) + other.center + other.multipliers,
      order.flatMap { found.tasks[$0] } + found.center + order.map { found.multipliers[$0] },
      relative: 1e-12, to: scale(given))
  }
}
