package import Foundation
import Graphs
import Tasks

/// Masks of several tasks that are trained in lockstep and kept near a central one (cross-learning, arXiv 2010.12993).
///
/// Each step moves the numbers of every task by its own loss, and then all of them and the centre are projected onto
/// `‖θ_t − θ_c‖ ≤ ε √n`, n being how many numbers there are; see ``CoupledVectors``. The centre starts where the numbers do
/// and keeps its value between steps. With ε = 0 all tasks train one mask for the mean of their steps, with ε = ∞ each its
/// own, as if there were no others.
package struct CoupledTraining {
  private var trainings: [Training<MaskObjective>]
  private var state: State
  private let radius: Double

  /// How far it has come, beside the trainings.
  private struct State: Codable {
    var trainings: [Data] = []
    var center: [Double]
    /// For each task the sum of its multipliers over all steps.
    var pulls: [Double]
  }

  /// Readies a training.
  ///
  /// - Parameters:
  ///   - method: How masks are trained.
  ///   - problems: A problem for each task, of one graph.
  ///   - radius: ε; 0 or more, maybe infinite.
  /// - Throws: ``MethodError``.
  package init(
    _ method: any MaskMethod, _ problems: [DiscoveryProblem], within radius: Double
  ) throws(MethodError) {
    var trainings: [Training<MaskObjective>] = []
    for problem in problems { trainings.append(try method.training(for: problem)) }
    self.trainings = trainings
    let center = trainings[0].numbers[0]
    state = State(center: center, pulls: [Double](repeating: 0, count: problems.count))
    self.radius = radius * Double(center.count).squareRoot()
  }

  /// For each task its numbers.
  package var numbers: [[Double]] { trainings.map { $0.numbers[0] } }
  /// For each task what belongs beside its scores; see ``MethodRun/attach(_:_:)``.
  package var attachments: [[String: Data]] { trainings.map(\.attachments) }
  private var steps: Int { trainings[0].steps }
  /// √n.
  private var unit: Double { Double(state.center.count).squareRoot() }

  /// For each task how hard it pulled away from the centre, on average over steps, in units of ε.
  package var multipliers: [Double] { state.pulls.map { $0 / Double(max(steps, 1)) / unit } }

  /// For each task how far it is from the centre: ε at most.
  package var distances: [Double] {
    CoupledVectors(projecting: numbers, around: state.center, within: .infinity).distances.map {
      $0 / unit
    }
  }

  /// Takes all steps that are left, from those that an interrupted run had done.
  ///
  /// - Parameter run: Is told about progress, and keeps how far it has come.
  /// - Throws: ``MethodError/notFinite`` and ``MethodError/foreignState``.
  package mutating func finish(_ run: MethodRun) throws(MethodError) {
    try restore(run)
    while !trainings[0].isDone {
      run.progress(RunProgress("training the masks", done: trainings[0].step, total: steps))
      run.keep(data: contents)
      for task in trainings.indices { try trainings[task].advance() }
      couple()
    }
    run.progress(RunProgress("training the masks", done: steps, total: steps))
  }

  /// Brings the tasks together.
  private mutating func couple() {
    let coupled = CoupledVectors(projecting: numbers, around: state.center, within: radius)
    state.center = coupled.center
    for task in trainings.indices {
      trainings[task].numbers[0] = coupled.tasks[task]
      state.pulls[task] += coupled.multipliers[task]
    }
  }

  /// Goes on from a kept state, if there is one.
  private mutating func restore(_ run: MethodRun) throws(MethodError) {
    let (count, taskCount) = (state.center.count, trainings.count)
    let kept = try run.restored(State.self) {
      $0.trainings.count == taskCount && $0.center.count == count && $0.pulls.count == taskCount
        && ($0.center + $0.pulls).allSatisfy(\.isFinite)
    }
    guard let kept else { return }
    state = kept
    for task in trainings.indices { try trainings[task].restore(kept.trainings[task]) }
    guard Set(trainings.map(\.step)).count == 1 else { throw .foreignState }
  }

  private func contents() throws -> Data {
    var state = state
    state.trainings = try trainings.map { try $0.contents() }
    return try JSONEncoder().encode(state)
  }
}
