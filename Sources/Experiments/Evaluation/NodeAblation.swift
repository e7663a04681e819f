import Engine
public import Evaluation
import Graphs
public import Reports
public import Tasks
import Tensors

/// Nodes of a model whose writes are ablated.
public struct NodeAblation: Sendable {
  /// The model.
  public var model: ModelReference
  /// Heads and MLPs: `a23.h3`, `m0`.
  public var nodes: [String]
  /// The prompts and the metric.
  public var task: TaskPlan
  /// What an ablated node writes.
  public var ablation: Ablation
  /// Where runs are done; nil for the processor.
  public var hardware: Hardware?

  /// Describes what is ablated; see the properties.
  public init(
    model: ModelReference, nodes: [String], task: TaskPlan = TaskPlan(),
    ablation: Ablation = .resample, hardware: Hardware? = nil
  ) {
    self.model = model
    self.nodes = nodes
    self.task = task
    self.ablation = ablation
    self.hardware = hardware
  }

  /// What the model does without the nodes.
  public struct Result: Sendable {
    /// The model and the prompts.
    public let heading: String
    /// One for each node, and one for all together where there are several.
    public let effects: [NodeEffect]

    /// What was run, and the effects as a table.
    public func text(on page: Page = Page()) -> String {
      "\(heading)\n\n\(table.text(on: page))"
    }

    /// The effects as a table, by every metric.
    public var table: TextTable {
      var table = TextTable([
        "ablated": .left, "metric": .left, "full": .right, "ablated model": .right,
        "difference": .right, "± s.e.": .right,
      ])
      for effect in effects {
        let name = effect.nodes.map(\.description).joined(separator: " ")
        for (index, measured) in effect.metrics.enumerated() {
          table.add(
            index == 0 ? name : "", measured.name, Numbers.short(measured.full.mean),
            Numbers.short(measured.ablated.mean), Numbers.signed(-measured.effect.mean, 3),
            measured.effect.standardError.map { Numbers.fixed($0) } ?? "")
        }
      }
      return table
    }
  }

  /// Runs the model without the nodes.
  ///
  /// - Parameter listener: Is told how it goes on.
  /// - Returns: What each node's absence changes.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(telling listener: ExperimentListener = ExperimentListener()) throws -> Result {
    let loaded = try model.load().moved(to: hardware)
    let made = try task.make(for: loaded, part: .whole)
    try made.task.requireMemory(for: loaded.model)
    made.task.notes.forEach(listener.note)
    let writers = try nodes.map { name in
      guard let writer = Writer(name) else {
        throw ExperimentError(
          "\"\(name)\" should be a head such as a3.h1, an MLP such as m3, or input.")
      }
      return writer
    }
    let effects = try loaded.model.device.checked {
      try CircuitEvaluation(
        model: loaded.model, task: made.task, ablation: ablation.loaded(for: loaded.model)
      )
      .effects(of: writers, progress: listener.progress)
    }
    return Result(
      heading: """
        \(loaded.model.heading(loaded.model.graph))
        \(made.description), \(ablation) ablation
        """, effects: effects)
  }
}
