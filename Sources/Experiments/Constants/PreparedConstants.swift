import Engine
import Evaluation
import Foundation
import Graphs
import Hashing
import Methods
import Reports
import Tasks
import Tensors

/// A training of constants whose model is loaded and whose prompts are made.
struct PreparedConstants {
  private let plan: ConstantsPlan
  private let loaded: LoadedModel
  private let intact: ConstantObjective.Intact
  /// What is said of what is intact.
  private let description: String
  private let task: TaskPlan
  private let made: TaskPlan.Made
  private let heldOut: TaskPlan.Evaluated
  private let files: RunRecord.Files

  var model: Transformer { loaded.model }

  /// How many random circuits constants are measured with, where they are learned with random ones.
  private static let drawCount = 10

  init(_ plan: ConstantsPlan, telling listener: ExperimentListener) throws {
    self.plan = plan
    var kept: FilePairs?
    switch plan.intact {
    case .circuit(let evaluation):
      let source = try EvaluationSource(evaluation, telling: listener)
      guard source.weights == nil else {
        throw ExperimentError(
          """
          \(evaluation.source): this run keeps only some of the model's weights, and constants are learned with all of \
          them; name another run, or --model.
          """)
      }
      loaded = source.loaded
      intact = .circuit(source.circuit)
      description =
        "circuit of \(Numbers.count(source.circuit.edgeCount, "edge")), \(source.circuitDescription)"
      var task = evaluation.prompts(over: source.run?.plan.task)
      task.seed = evaluation.seed ?? task.seed
      self.task = task
      // The pairs that a run kept are those of its own file.
      kept = try task.name == source.run?.plan.task.name ? source.run?.keptPairs(for: loaded) : nil
    case .random(let reference, let task):
      loaded = try reference.absolute().load().moved(to: plan.hardware)
      intact = .random(loaded.model.graph)
      description = "random circuits of all sizes"
      self.task = task.absolute
    }
    made = try task.make(for: loaded, kept: kept)
    heldOut = try task.evaluated(besides: made, for: loaded)
    files = RunRecord.Files(
      model: loaded.files,
      task: try kept == nil ? made.file.map { try fileHashes(of: $0) } : nil, edges: [:],
      constants: nil)
    try made.task.requireMemory(
      made.task.batchBytes(of: loaded.model, isMasked: true), for: loaded.model)
    try heldOut.task.requireMemory(for: loaded.model)
  }

  /// Names of all that makes this training what it is.
  var identity: [String: String] {
    [
      "version": edgewiseVersion, "model": model.name, "model file": files.model.listed,
      "task": made.description, "task file": (files.task ?? [:]).listed, "circuit": circuitHash,
      "metric": plan.metric.rawValue, "steps": "\(plan.steps)", "rate": "\(plan.learningRate)",
      "prompts of a batch": plan.promptCount.map(String.init) ?? "as many as memory allows",
      "seed": "\(task.seed)", "device": model.device.identity,
      "answers": task.reading.answers.rawValue,
    ]
  }

  private var circuitHash: String {
    guard case .circuit(let circuit) = intact else { return description }
    let names = circuit.edges.map(\.description).joined(separator: " ")
    return sha256(of: Data(names.utf8))
  }

  func run(telling listener: ExperimentListener, state: ResumeState?) throws -> ConstantsRun {
    var notes: [String] = []
    let listener = listener.keeping { notes.append($0) }
    made.task.warnings(about: model, made.task.accuracy(of: model)).forEach(listener.note)
    let objective = try ConstantObjective(
      intact, model: model, task: made.task, metric: plan.metric, promptCount: plan.promptCount,
      optimiser: .adam(Adam(rate: plan.learningRate)))
    var training = Training(objective, steps: plan.steps, seed: task.seed)
    let start = training.numbers[0]
    let run = MethodRun(
      progress: listener.progress, states: state.map { $0.states(of: model.device) })
    try training.finish(run, "learning constants")
    let learned = objective.constants.writes(training.numbers[0])
    let rows = try [
      (made.task, made.description),
      heldOut.isHeldOut ? (heldOut.task, "\(heldOut.description): held out") : nil,
    ].compactMap(\.self).map { task, description in
      try self.row(
        task, description, objective, before: objective.constants.writes(start), after: learned,
        listener)
    }
    if let last = rows.last, heldOut.isHeldOut, last.after > last.before {
      listener.note(
        """
        warning: on prompts that were held out the learned constants do worse than the means: learn them on more \
        prompts, or in fewer steps.
        """)
    }
    return ConstantsRun(
      model: model, constants: learned,
      record: ConstantsRun.Record(
        model: model.name, intact: description, metric: objective.metric.name, steps: plan.steps,
        rate: plan.learningRate, seed: task.seed, files: files, rows: rows, notes: notes))
  }

  /// The loss on some prompts with the constants at the start and with those that were learned.
  private func row(
    _ task: CircuitTask, _ description: String, _ objective: ConstantObjective,
    before: CompactWrites, after: CompactWrites, _ listener: ExperimentListener
  ) throws -> ConstantsRun.Row {
    var generator = SeededGenerator(seed: self.task.seed)
    let count = if case .random = intact { Self.drawCount } else { 1 }
    let masks = (0..<count).map { _ in objective.mask(using: &generator) }
    let ablations = [before, after].enumerated().map { index, writes in
      Ablation.optimal(LearnedConstants(writes, path: "constants \(index)"))
    }
    let measured = InterventionRuns(model: model, task: task).measure(
      ablations.flatMap { ablation in masks.map { Intervention(mask: $0, ablation: ablation) } },
      by: [objective.metric], progress: listener.progress)
    let losses = measured.values.map { -$0[0].mean }
    guard losses.allSatisfy(\.isFinite) else {
      throw model.overflow("The metric of a run is NaN or infinite", on: task)
    }
    let mean = { (part: ArraySlice<Double>) in part.reduce(0, +) / Double(count) }
    return ConstantsRun.Row(
      prompts: description, before: mean(losses.prefix(count)), after: mean(losses.suffix(count)))
  }
}
