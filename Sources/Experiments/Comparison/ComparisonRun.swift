import Engine
import Evaluation
import Foundation
import Graphs
import Methods
import Reports
import Tasks
import Tensors

/// One model and task of a comparison.
struct ComparisonRun {
  private let plan: ComparisonPlan
  private let loaded: LoadedModel
  private let prompts: TaskPlan
  private let made: TaskPlan.Made
  private let standard: Standard
  private let listener: ExperimentListener
  private let states: StagedStates<Done>?
  /// The place of the task among all of the comparison.
  private let place: Int
  private let clock = ExperimentClock()

  /// What came of a method.
  struct Done: Codable {
    let seconds: Double
    let found: Comparison.Found?
  }

  /// What scores are held to.
  private enum Standard {
    /// The circuit that is known.
    case truth(Circuit)
    /// Prompts that circuits were not found on, and what is said of them.
    case unseen(CircuitEvaluation, String)
  }

  init(
    _ plan: ComparisonPlan, _ loaded: LoadedModel, _ task: String?, place: Int,
    _ listener: ExperimentListener, _ states: StagedStates<Done>?
  ) throws {
    var plan = plan
    plan.ablation = try plan.ablation.absolute.loaded(for: loaded.model)
    self.plan = plan
    self.loaded = loaded
    self.listener = listener
    self.states = states
    self.place = place
    prompts = plan.prompts(task)
    made = try prompts.make(for: loaded)
    let name = made.task.name
    let isOwn = loaded.known.map { $0.prompts.name == name } ?? false
    let truth = isOwn ? loaded.known?.truth(for: plan.ablation) : nil
    standard = try truth.map(Standard.truth) ?? Self.unseen(plan, prompts, made, loaded)
    try requireMemory()
    if isOwn, truth == nil {
      listener.note("note: the circuit of \(name) is not known for \(plan.ablation) ablation.")
    }
    if truth != nil, plan.groupsKeysAndValues {
      listener.note(
        "note: the circuit of \(name) is known with a key and value for each head; they are not grouped."
      )
    }
  }

  /// Refuses methods or measures that there is no memory for, before any of them is run: one that is too large refuses
  /// all of the comparison, but not when what it found was kept.
  private func requireMemory() throws {
    if case .unseen(let evaluation, _) = standard {
      try evaluation.task.requireMemory(for: loaded.model)
    }
    for (index, choice) in plan.methods.enumerated() where states?.outcome(key(index)) == nil {
      let (problem, ranking) = (
        try problem(for: choice), choice.completed(by: choice.method.ranking)
      )
      try problem.requireMemory(scoredBy: choice.method, ranking.options(seed: prompts.seed))
    }
  }

  /// What a method's outcome and state are kept as.
  private func key(_ index: Int) -> String { "\(place) \(index)" }

  /// What a method is asked.
  private func problem(for choice: MethodChoice) throws -> DiscoveryProblem {
    DiscoveryProblem(
      model: loaded.model, task: try prompts.task(of: made, for: loaded, method: choice.method),
      graph: graph, ablation: plan.ablation)
  }

  /// Prompts that circuits were not found on; the same ones where a task has no others.
  private static func unseen(
    _ plan: ComparisonPlan, _ prompts: TaskPlan, _ made: TaskPlan.Made, _ loaded: LoadedModel
  ) throws -> Standard {
    let found: TaskPlan.Evaluated
    if let name = plan.evaluationTask, plan.prompts(name).absolute.name != prompts.absolute.name,
      name != made.task.name
    {
      let other = try plan.prompts(name).make(for: loaded, part: .whole)
      let known = Set(made.task.pairs.map(\.clean))
      let sharedCount = other.task.pairs.count { known.contains($0.clean) }
      guard sharedCount == 0 else {
        return .unseen(
          CircuitEvaluation(model: loaded.model, task: other.task, ablation: plan.ablation),
          "measured on \(other.description): circuits were found on \(Numbers.count(sharedCount)) of them"
        )
      }
      found = TaskPlan.Evaluated(
        task: other.task, description: other.description, isHeldOut: true)
    } else {
      found = try prompts.evaluated(besides: made, for: loaded)
    }
    return .unseen(
      CircuitEvaluation(model: loaded.model, task: found.task, ablation: plan.ablation),
      found.isHeldOut
        ? "measured on \(found.description): held out"
        : "measured on the prompts that circuits were found on")
  }

  private var truth: Circuit? {
    if case .truth(let circuit) = standard { circuit } else { nil }
  }

  private var graph: ComputationGraph {
    loaded.model.graph(
      groupsKeysAndValues: plan.groupsKeysAndValues && truth == nil)
  }

  /// A name unlike those that were given.
  func name(among others: [String], isAlone: Bool) -> String {
    let name =
      isAlone || made.task.name == loaded.model.name
      ? made.task.name : "\(loaded.model.name) \(made.task.name)"
    let numbered = (2...).lazy.map { "\(name) \($0)" }
    return others.contains(name) ? numbered.first { !others.contains($0) } ?? name : name
  }

  /// Runs the methods one after another.
  ///
  /// - Parameters:
  ///   - name: The task's name in the comparison.
  ///   - finish: Is handed what is known when a method is done; those that are not have found nothing yet.
  /// - Returns: What all methods found.
  /// - Throws: What keeps a method from being run at all.
  func task(
    name: String, finish: (Comparison.Task) -> Void
  ) throws -> Comparison.Task {
    let accuracy = made.task.accuracy(of: loaded.model)
    made.task.warnings(about: loaded.model, accuracy).forEach(listener.note)
    let standing = accuracy.map { ", right on \(Numbers.percent($0))" } ?? ""
    let held =
      switch standard {
      case .truth(let circuit):
        "the true circuit has \(Numbers.count(circuit.edgeCount, "edge"))"
      case .unseen(_, let place): place
      }
    let description = """
      \(loaded.model.heading(graph))
      \(made.description)\(standing)
      \(held)
      """
    var done = Comparison.Task(
      name: name, description: description,
      outcomes: plan.methods.map { choice in
        Comparison.Outcome(
          method: choice.text, settings: choice.completed(by: choice.method.ranking).description,
          passes: (0, 0), seconds: 0, found: nil)
      })
    for (index, choice) in plan.methods.enumerated() {
      done.outcomes[index] = try outcome(choice, key: key(index))
      finish(done)
    }
    return done
  }

  /// Runs a method, unless it is done.
  private func outcome(_ choice: MethodChoice, key: String) throws -> Comparison.Outcome {
    let entry = choice.method
    let problem = try problem(for: choice)
    let ranking = choice.completed(by: entry.ranking)
    let options = try ranking.options(seed: prompts.seed, graph, loaded.model)
    let passes = entry.passes(options, problem)
    let outcome = { (seconds: Double, found: Comparison.Found?) in
      Comparison.Outcome(
        method: choice.text, settings: ranking.description,
        passes: (passes.forward, passes.backward), seconds: seconds, found: found)
    }
    if let done = states?.outcome(key) { return outcome(done.seconds, done.found) }
    let method = entry.make(options)
    let start = clock.seconds
    var attachments: [String: Data] = [:]
    let scores: EdgeScores
    do throws(MethodError) {
      try method.check(problem)
      scores = try method.scores(
        for: problem,
        run: MethodRun(
          progress: listener.progress, states: states?.states(key, of: problem.model.device),
          attachments: { attachments[$0] = $1 }))
    } catch {
      listener.note("note: \(choice.text) says nothing about \(problem.task.name): \(error)")
      return outcome(0, nil)
    }
    let done = Done(
      seconds: clock.seconds - start,
      found: found(scores, try WeightMask(in: attachments, of: loaded.model)))
    // What a card made of a fault is not kept.
    try problem.model.device.check()
    states?.finish(key, done)
    return outcome(done.seconds, done.found)
  }

  /// How good scores are.
  private func found(_ scores: EdgeScores, _ weights: WeightMask?) -> Comparison.Found {
    switch standard {
    case .truth(let truth):
      return .recovery(
        edges: RecoveryCurve(of: scores, truth: truth),
        nodes: RecoveryCurve(of: scores, truth: truth, level: .nodes))
    case .unseen(let evaluation, _):
      let curves = evaluation.keeping(weights).curves(
        of: scores, by: [.signed, .magnitude], progress: listener.progress)
      return .faithfulness(signed: curves[0], magnitude: curves[1])
    }
  }
}
