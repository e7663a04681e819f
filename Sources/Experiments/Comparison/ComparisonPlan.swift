import Engine
import Foundation
import Graphs
public import Methods
import Models
public import Reports
public import Tasks
import Tensors

/// Methods to be held against each other on tasks of models.
public struct ComparisonPlan: Sendable, Codable {
  /// The version that made the plan.
  public var version: String
  /// The models.
  public var models: [ModelReference]
  /// Tasks by name or file; nil for each model's own.
  public var tasks: [String]?
  /// The methods, with their options.
  public var methods: [MethodChoice]
  /// How prompts are made; its name is that of each task in turn.
  public var prompts: TaskPlan
  /// A task or file that circuits are measured on; nil for prompts of the same task that are held out.
  public var evaluationTask: String?
  /// What an ablated edge carries.
  public var ablation: Ablation
  /// Whether heads that share a key or value have one reader for it.
  public var groupsKeysAndValues: Bool
  /// Where runs are done; nil for the processor.
  public var hardware: Hardware?

  /// Describes a comparison; see the properties.
  public init(
    models: [ModelReference], tasks: [String]? = nil, methods: [MethodChoice],
    prompts: TaskPlan = TaskPlan(), evaluationTask: String? = nil, ablation: Ablation = .resample,
    groupsKeysAndValues: Bool = false, hardware: Hardware? = nil
  ) {
    version = edgewiseVersion
    self.models = models
    self.tasks = tasks
    self.methods = methods
    self.prompts = prompts
    self.evaluationTask = evaluationTask
    self.ablation = ablation
    self.groupsKeysAndValues = groupsKeysAndValues
    self.hardware = hardware
  }

  /// The names of the methods that are held against each other when none are named, with commas between them.
  public static let usualMethodNames = "eap,eap-ig,acdc,hisp,sp,exact"

  /// Those methods, as they are usually run.
  ///
  /// - Throws: An error of one sentence if there were no such method.
  public static func usualMethods() throws -> [MethodChoice] {
    try MethodChoice.list(usualMethodNames)
  }

  /// The prompts of a task.
  func prompts(_ task: String?) -> TaskPlan {
    var plan = prompts
    plan.name = task
    return plan
  }

  /// Runs every method on every task of every model; a task that a model does not allow is passed over.
  ///
  /// - Parameters:
  ///   - readsFiles: Whether models' files are read anew for their hashes.
  ///   - listener: Is told how it goes on.
  ///   - place: Where the run keeps how far it has come; nil for nowhere. When the process is interrupted, what is done
  ///     is written to the directory beside which that is.
  ///   - finish: Is handed each task when it is done.
  /// - Returns: What the methods found.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    verifying readsFiles: Bool = false, telling listener: ExperimentListener = ExperimentListener(),
    states place: ResumePlace? = nil,
    finish: (Comparison.Task) throws -> Void = { _ in }
  ) throws -> Comparison {
    try requireTasks()
    let state = try place.map {
      try ResumeState($0, run: try identity(verifying: readsFiles), note: listener.note)
    }
    defer { state?.finish() }
    let states = try state.map(StagedStates<ComparisonRun.Done>.init)
    var done: [Comparison.Task] = []
    var problem: (any Error)?
    for model in models { _ = try model.location() }
    for (index, model) in models.enumerated() {
      let loaded = try model.load(verifying: readsFiles).moved(to: hardware)
      let tasks = tasks?.map(Optional.some) ?? [nil]
      for (number, task) in tasks.enumerated() {
        let outcome: Comparison.Task
        do {
          let run = try ComparisonRun(
            self, loaded, task, place: index * tasks.count + number, listener, states)
          let name = run.name(among: done.map(\.name), isAlone: models.count == 1)
          outcome = try loaded.model.device.checked {
            try run.task(name: name) { [done] task in
              state?.whenInterrupted {
                try? place?.target.put(Comparison(tasks: done + [task]).files(of: self))
              }
            }
          }
        } catch {
          // A card that has failed says nothing about any task.
          try loaded.model.device.check()
          listener.note("note: \(task ?? "the task") of \(model.name) is left out: \(error)")
          problem = error
          continue
        }
        done.append(outcome)
        try finish(outcome)
      }
    }
    if done.isEmpty, let problem { throw problem }
    guard done.contains(where: { $0.outcomes.contains { $0.found != nil } }) else {
      throw ExperimentError("None of the methods says anything about these tasks.")
    }
    return Comparison(tasks: done)
  }

  /// Names of all that makes this comparison what it is.
  private func identity(verifying readsFiles: Bool) throws -> [String: String] {
    let files = (tasks ?? []) + (evaluationTask.map { [$0] } ?? [])
    let hashes =
      try models.map { try $0.hashes(verifying: readsFiles) }
      + files.compactMap(TaskPlan.file).map { try fileHashes(of: $0) }
      + methods.map { try $0.sourceHashes() }
      + [ablation.file].compactMap(\.self).map { try fileHashes(of: $0) }
    return [
      "version": version, "models": models.map(\.name).joined(separator: ", "),
      "tasks": tasks?.joined(separator: ", ") ?? "each model's own",
      "methods": methods.map(\.text).joined(separator: ", "), "count": "\(prompts.count)",
      "seed": "\(prompts.seed)", "metric": prompts.metric ?? "each task's own",
      "holdout": "\(prompts.holdout)",
      "skipping of unusable pairs": "\(prompts.reading.skipsUnusable)",
      "answers": prompts.reading.answers.rawValue,
      "device": try hardware?.open().identity ?? Device.cpu.identity,
      "evaluation task": evaluationTask ?? "the same", "ablation": ablation.rawValue,
      "grouping of keys and values": "\(groupsKeysAndValues)",
      "files": hashes.flatMap { $0.sorted { $0.key < $1.key } }.map { "\($0.key) \($0.value)" }
        .joined(separator: ", "),
    ]
  }

  /// Finds what is misspelt before anything is run.
  private func requireTasks() throws {
    if let metric = prompts.metric { _ = try Metrics.named(metric) }
    let own = PlantedCircuits.names
    for name in (tasks ?? []) + (evaluationTask.map { [$0] } ?? []) where !own.contains(name) {
      guard let file = TaskPlan.file(name) else {
        _ = try BuiltInTasks.named(name)
        continue
      }
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw ExperimentError("\(file.path): there is no such task file.")
      }
    }
  }
}
