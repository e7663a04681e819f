import Engine
import Evaluation
import Foundation
import Graphs
import Methods
import Reports
import Tasks
import Tensors

/// A discovery on several tasks whose model is loaded and whose prompts are made: everything that can be wrong with its
/// input was found out.
public struct PreparedCoupling {
  /// What is run.
  public let plan: CouplingPlan
  /// The discovery on each task by itself.
  let runs: [PreparedDiscovery]
  /// What the tasks are called, each unlike the others.
  let names: [String]

  /// Loads the model once and makes the prompts.
  ///
  /// - Parameters:
  ///   - plan: What is to be run.
  ///   - readsFiles: Whether a model's files are read anew for their hashes.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public init(_ plan: CouplingPlan, verifying readsFiles: Bool = false) throws {
    try plan.check()
    let loaded = try plan.model.load(verifying: readsFiles).moved(to: plan.hardware)
    var (runs, names): ([PreparedDiscovery], [String]) = ([], [])
    for task in plan.tasks {
      let run = try PreparedDiscovery(
        plan.discovery(on: task), of: nil, on: loaded, verifying: readsFiles)
      let name = run.made.task.name
      let others = (2...).lazy.map { "\(name)-\($0)" }
      names.append(names.contains(name) ? others.first { !names.contains($0) } ?? name : name)
      runs.append(run)
    }
    (self.plan, self.runs, self.names) = (plan, runs, names)
  }

  var device: Device { runs[0].loaded.model.device }

  /// How the full model does on the prompts of each task.
  ///
  /// - Throws: What went wrong on a card.
  public func standings() throws -> [PreparedDiscovery.Standing] {
    try runs.map { try $0.standing() }
  }

  /// What scoring the edges for all tasks will take.
  ///
  /// - Parameter standings: What ``standings()`` returned.
  /// - Returns: Passes, time and memory.
  public func estimate(_ standings: [PreparedDiscovery.Standing]) -> RunEstimate {
    // Scores are projected, masks are trained anew.
    let rounds = trainedMethod == nil ? 1 : plan.radii.count
    return RunEstimate(
      sumOf: (0..<rounds).flatMap { _ in
        zip(runs, standings).map { $0.estimate(pass: $1.seconds) }
      })
  }

  /// Lines to begin with: the model, each task and how the model does, the method, and what the run will take.
  public func introduction(
    _ standings: [PreparedDiscovery.Standing], _ estimate: RunEstimate
  ) -> String {
    let tasks = zip(runs, standings).map { $0.taskLine($1) }
    let radii = plan.radii.map(\.description).joined(separator: ", ")
    return
      ([runs[0].heading.model] + tasks + [
        "\(runs[0].heading.method), coupled within \(radii): \(estimate.line)"
      ]).joined(separator: "\n")
  }

  /// What is to be said before prompts are run for the first time; nil for nothing.
  public var sizeNote: String? { runs.lazy.compactMap(\.sizeNote).first }

  /// The state that an interrupted run left, or a new one.
  ///
  /// - Parameters:
  ///   - place: Where it is.
  ///   - listener: Is told when there is none to go on from.
  /// - Returns: What ``run(telling:state:standings:)`` goes on from, and keeps.
  /// - Throws: ``ExperimentError`` when a state is there that was not asked for, or one of another run.
  public func state(
    at place: ResumePlace, telling listener: ExperimentListener = ExperimentListener()
  ) throws -> ResumeState {
    var identity = runs.dropFirst().reduce(into: runs[0].identity) { all, run in
      // What all tasks have in common is said once.
      all.merge(run.identity) { $0 == $1 ? $0 : "\($0); \($1)" }
    }
    identity["tasks"] = plan.tasks.joined(separator: ", ")
    identity["coupling"] = plan.radii.map(\.description).joined(separator: ", ")
    return try ResumeState(place, run: identity, note: listener.note)
  }

  /// Finds a circuit for each task, within each radius.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - state: Where a long run keeps how far it has come; nil for nowhere.
  ///   - standings: What ``standings()`` returned, to spare its passes.
  /// - Returns: What was found for each radius.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener(), state: ResumeState? = nil,
    standings: [PreparedDiscovery.Standing]? = nil
  ) throws -> CoupledDiscovery {
    defer { state?.finish() }
    return try device.checked {
      let standings = try standings ?? self.standings()
      standings.flatMap(\.notes).forEach(listener.note)
      let coupled = try coupled(telling: listener, states: try state.map(States.init))
      let rounds = try zip(plan.radii, coupled).map { radius, tasks in
        let found = try tasks.enumerated().map { index, task in
          try runs[index].discovery(
            task.scored, standings[index], telling: listener,
            coupling: coupling(task.pull, of: index, within: radius))
        }
        return CoupledDiscovery.Round(
          radius: radius, names: names, tasks: found,
          measured: try zip(runs, found).map { try $0.unseen($1, telling: listener) },
          pulls: tasks.map(\.pull))
      }
      return CoupledDiscovery(plan: plan, rounds: rounds)
    }
  }

  /// What a task's run says of the others; nothing when they were let alone.
  private func coupling(
    _ pull: CouplingPull, of task: Int, within radius: CouplingRadius
  ) -> RunRecord.Coupling? {
    guard radius.value.isFinite else { return nil }
    return RunRecord.Coupling(
      radius: radius, tasks: names.indices.filter { $0 != task }.map { names[$0] },
      multiplier: pull.multiplier, distance: pull.distance)
  }
}
