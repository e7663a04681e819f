import Tasks
import Evaluation
import Foundation
import Graphs
import Methods
import Reports
import Tensors

extension PreparedCoupling {
  /// The scores of a task as they are kept when it is done.
  struct KeptScores: Codable {
    let values: [Float]
    let seconds: Double
    let attachments: [String: Data]
    let pull: CouplingPull

    init(_ scored: PreparedDiscovery.Scored, _ pull: CouplingPull) {
      values = scored.scores.values
      (seconds, attachments, self.pull) = (scored.seconds, scored.attachments, pull)
    }

    /// Whether there is a score for every edge, as a file that was read need not have.
    func fits(_ graph: ComputationGraph) -> Bool {
      values.count == graph.writerCount * graph.readerCount
    }

    func scored(_ graph: ComputationGraph) -> PreparedDiscovery.Scored {
      PreparedDiscovery.Scored(
        scores: EdgeScores(values, graph: graph), seconds: seconds, attachments: attachments)
    }
  }

  /// The states of a run: what is done of it is the scores of one task, or those of all within one radius.
  typealias States = StagedStates<[KeptScores]>

  /// The scores of a task within a radius, and how it stands to the centre then.
  typealias Coupled = (scored: PreparedDiscovery.Scored, pull: CouplingPull)

  /// The method when it trains a mask.
  var trainedMethod: (any MaskMethod)? { runs[0].method as? any MaskMethod }

  /// Scores the edges for every task within every radius.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - states: Where the run keeps how far it has come; nil for nowhere.
  /// - Returns: For each radius and task its scores.
  /// - Throws: `MethodError`, or ``ExperimentError`` for a task on which the model does nothing.
  func coupled(telling listener: ExperimentListener, states: States?) throws -> [[Coupled]] {
    guard let method = trainedMethod else {
      return try projected(telling: listener, states: states)
    }
    return try plan.radii.enumerated().map { index, radius in
      try trained(method, within: radius, key: "radius \(index)", telling: listener, states: states)
    }
  }

  /// Trains the masks of all tasks within a radius, unless that is done.
  private func trained(
    _ method: any MaskMethod, within radius: CouplingRadius, key: String,
    telling listener: ExperimentListener, states: States?
  ) throws -> [Coupled] {
    let graph = runs[0].problem.graph
    if let done = states?.outcome(key) {
      guard done.count == runs.count, done.allSatisfy({ $0.fits(graph) }) else {
        throw MethodError.foreignState
      }
      return done.map { ($0.scored(graph), $0.pull) }
    }
    let clock = ExperimentClock()
    let run = MethodRun(progress: listener.progress, states: states?.states(key, of: device))
    let training = try runs[0].explained { () throws(MethodError) in
      var training = try CoupledTraining(method, runs.map(\.problem), within: radius.value)
      try training.finish(run)
      return training
    }
    try device.check()
    let coupled = runs.indices.map { task in
      Coupled(
        PreparedDiscovery.Scored(
          scores: method.scores(training.numbers[task], graph), seconds: clock.seconds,
          attachments: training.attachments[task]),
        CouplingPull(multiplier: training.multipliers[task], distance: training.distances[task]))
    }
    states?.finish(key, coupled.map { KeptScores($0.scored, $0.pull) })
    return coupled
  }

  /// Scores every task once, and couples the scores within each radius.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - states: Where the run keeps how far it has come; nil for nowhere.
  /// - Returns: For each radius and task its scores.
  /// - Throws: `MethodError`, or ``ExperimentError`` for a task on which the model does nothing.
  private func projected(telling listener: ExperimentListener, states: States?) throws
    -> [[Coupled]]
  {
    let own = try runs.indices.map { try scored($0, telling: listener, states: states) }
    // Chances and ranks are alike on all tasks as they are.
    let isAsIs =
      plan.radii.allSatisfy { $0.value.isInfinite } || !plan.method.method.scoresEffects
    let scales = try runs.indices.map { isAsIs ? 1 : try scale(of: $0) }
    return plan.radii.map { radius in
      let coupled = CoupledScores(own.map(\.scores), scales: scales, within: radius.value)
      return own.indices.map { task in
        var scored = own[task]
        scored.scores = coupled.scores[task]
        return (
          scored,
          CouplingPull(multiplier: coupled.multipliers[task], distance: coupled.distances[task])
        )
      }
    }
  }

  /// The scores of a task by itself, unless it is done.
  private func scored(
    _ task: Int, telling listener: ExperimentListener, states: States?
  ) throws -> PreparedDiscovery.Scored {
    let (key, run) = ("task \(task)", runs[task])
    if let done = states?.outcome(key) {
      guard done.count == 1, done[0].fits(run.problem.graph) else { throw MethodError.foreignState }
      return done[0].scored(run.problem.graph)
    }
    let scored = try run.scored(telling: listener, states: states?.states(key, of: device))
    // What a card made of a fault is not kept.
    try device.check()
    states?.finish(key, [KeptScores(scored, CouplingPull())])
    return scored
  }

  /// What full model and empty circuit differ by on a task's prompts.
  private func scale(of task: Int) throws -> Double {
    let run = runs[task]
    let empty = Circuit(offsets: [], graph: run.problem.graph)
    let found = run.evaluation(on: run.problem.task, nil).faithfulness(of: empty)
    guard found.isTelling else {
      throw ExperimentError(
        """
        \(names[task]): full model and empty circuit have the same \(run.problem.task.metric.name), so its scores \
        cannot be held against those of other tasks; leave the task out.
        """)
    }
    return abs(found.full.mean - found.empty.mean)
  }
}
