import Engine
import Foundation
import Graphs
public import Methods
import Reports
public import Tasks

/// A discovery on several tasks of a model, whose scores are kept near those at their centre (cross-learning, arXiv
/// 2010.12993): what they have in common is found on the prompts of all.
public struct CouplingPlan: Sendable, Codable {
  /// The version that made the plan.
  public var version: String
  /// The model.
  public var model: ModelReference
  /// Tasks by name or file.
  public var tasks: [String]
  /// How prompts are made; its name is that of each task in turn.
  public var prompts: TaskPlan
  /// The method, with its options.
  public var method: MethodChoice
  /// How far a task may be from the centre; several for a sweep.
  public var radii: [CouplingRadius]
  /// What an ablated edge carries.
  public var ablation: Ablation
  /// Whether heads that share a key or value have one reader for it.
  public var groupsKeysAndValues: Bool
  /// Which edges each task's circuit keeps.
  public var selection: SelectionPlan
  /// Where runs are done; nil for the processor.
  public var hardware: Hardware?

  /// Describes a discovery; see the properties.
  public init(
    model: ModelReference, tasks: [String], prompts: TaskPlan = TaskPlan(), method: MethodChoice,
    radii: [CouplingRadius], ablation: Ablation = .resample, groupsKeysAndValues: Bool = false,
    selection: SelectionPlan = SelectionPlan(), hardware: Hardware? = nil
  ) {
    version = edgewiseVersion
    self.model = model
    self.tasks = tasks
    self.prompts = prompts
    self.method = method
    self.radii = radii
    self.ablation = ablation
    self.groupsKeysAndValues = groupsKeysAndValues
    self.selection = selection
    self.hardware = hardware
  }

  /// Whether several radii are held against each other.
  var isSweep: Bool { radii.count > 1 }

  /// Refuses what is no coupling: a plan can come from a file.
  ///
  /// - Throws: ``ExperimentError``.
  public func check() throws {
    guard tasks.count > 1 else {
      throw ExperimentError(
        """
        Coupling needs two or more tasks with commas between them, found \
        \(tasks.isEmpty ? "none" : tasks[0]).
        """)
    }
    guard !radii.isEmpty, Set(radii).count == radii.count else {
      throw ExperimentError(
        """
        The radii of a coupling should be one or more different numbers, found \
        \(radii.map(\.description).joined(separator: ",")).
        """)
    }
  }

  /// The discovery on one of the tasks by itself.
  func discovery(on task: String) -> DiscoveryPlan {
    var prompts = prompts
    prompts.name = task
    return DiscoveryPlan(
      model: model, task: prompts, method: method, ablation: ablation,
      groupsKeysAndValues: groupsKeysAndValues, selection: selection, hardware: hardware)
  }

  /// Finds a circuit for each task.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - states: Where a long run keeps how far it has come; nil for nowhere.
  /// - Returns: What was found for each radius.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener(), states: ResumePlace? = nil
  ) throws -> CoupledDiscovery {
    let prepared = try PreparedCoupling(self)
    let state = try states.map { try prepared.state(at: $0, telling: listener) }
    return try prepared.run(telling: listener, state: state)
  }
}
