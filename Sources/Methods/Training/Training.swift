package import Foundation
import Tasks
import Tensors

/// A training on its way: it steps, can be kept at any step, and goes on from there in the same bytes.
package struct Training<Subject: Trainable> {
  /// What is trained.
  package let subject: Subject
  /// How many steps there are.
  package let steps: Int
  private let schedule: RateSchedule
  private let groups: [NumberGroup]
  private(set) var state: TrainingState

  /// Starts a training.
  ///
  /// - Parameters:
  ///   - subject: What is trained.
  ///   - steps: How many steps there are.
  ///   - seed: Where random choices start.
  ///   - schedule: How the rate changes.
  package init(
    _ subject: Subject, steps: Int, seed: UInt64, schedule: RateSchedule = .constant
  ) {
    self.subject = subject
    self.steps = steps
    self.schedule = schedule
    groups = subject.groups
    state = TrainingState(groups, seed: seed)
  }

  /// For each group its numbers; whoever trains several things at once may move them between steps.
  package var numbers: [[Double]] {
    get { state.numbers }
    set {
      precondition(newValue.map(\.count) == state.numbers.map(\.count), "other groups")
      state.numbers = newValue
    }
  }

  /// How many steps are done.
  package var step: Int { state.step }
  /// Whether all steps are done.
  package var isDone: Bool { state.step >= steps }

  /// Takes a step.
  ///
  /// - Throws: ``MethodError/notFinite`` when the loss or its gradient is infinite or NaN at the first step, where the
  ///   model makes it so, and ``MethodError/diverged(step:)`` later.
  package mutating func advance() throws(MethodError) {
    let found = subject.loss(state.numbers, step: state.step, using: &state.generator)
    guard found.loss.isFinite, found.gradients.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw state.step == 0 ? .notFinite : .diverged(step: state.step)
    }
    let factor = schedule.factor(step: state.step, of: steps)
    state.loss = found.loss
    state.step += 1
    for (index, group) in groups.enumerated() {
      group.optimiser.update(
        &state.numbers[index], &state.moments[index], group.directed(found.gradients[index]),
        step: state.step, factor: factor)
    }
  }

  /// Takes all steps that are left, from those that an interrupted run had done.
  ///
  /// - Parameters:
  ///   - run: Is told about progress, and keeps how far it has come.
  ///   - title: What is being done.
  /// - Throws: As ``advance()``, and ``MethodError/foreignState``.
  package mutating func finish(
    _ run: MethodRun, _ title: String = "training the mask"
  ) throws(MethodError) {
    try restore(run.saved)
    var said = ""
    while !isDone {
      // What a thresholded mask does takes a run, so it is said now and then.
      if said.isEmpty || step % max(steps / 20, 1) == 0 {
        said = subject.note(state.numbers, step: step)
      }
      run.progress(RunProgress(title, done: step, total: steps, note: note(said)))
      run.keep(data: contents)
      try advance()
    }
    run.progress(RunProgress(title, done: steps, total: steps))
  }

  /// Goes on from what ``contents()`` was, if there is anything.
  ///
  /// - Throws: ``MethodError/foreignState`` for anything else.
  package mutating func restore(_ saved: Data?) throws(MethodError) {
    guard let saved else { return }
    guard let kept = TrainingState(saved, groups), (0...steps).contains(kept.step) else {
      throw .foreignState
    }
    state = kept
  }

  /// How far it has come, as bytes.
  package func contents() throws -> Data { try state.safetensors(groups) }

  /// What is said of it so far.
  private func note(_ said: String) -> String {
    guard let loss = state.loss else { return said }
    return "loss \(loss.formatted(.number.precision(.significantDigits(3)))), \(said)"
  }
}

extension NumberGroup {
  /// The gradient along which the numbers go down.
  fileprivate func directed(_ gradient: [Double]) -> [Double] {
    let length = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let cut = longestGradient.map { length > $0 ? $0 / length : 1 } ?? 1
    let factor = ascends ? -cut : cut
    return factor == 1 ? gradient : gradient.map { factor * $0 }
  }
}
