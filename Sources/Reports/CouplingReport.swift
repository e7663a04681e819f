public import Evaluation
public import Graphs

/// How a task stands to the centre of all tasks that its scores are coupled with.
public struct CouplingPull: Sendable, Codable, Equatable {
  /// How hard it pulls away from the centre; 0 where it is near enough by itself.
  public let multiplier: Double
  /// How far it is from the centre, in the units of the radius.
  public let distance: Double

  /// Takes both numbers; of a task by itself if none are given.
  public init(multiplier: Double = 0, distance: Double = 0) {
    self.multiplier = multiplier
    self.distance = distance
  }
}

/// What a circuit does on prompts that it was not found on, or on those where there are no others.
public struct UnseenMeasure: Sendable {
  /// What it does.
  public let faithfulness: Faithfulness
  /// What is said of the prompts.
  public let prompts: String
  /// Whether the circuit was found on other ones.
  public let isHeldOut: Bool

  /// Takes what was measured on which prompts.
  public init(faithfulness: Faithfulness, prompts: String, isHeldOut: Bool) {
    self.faithfulness = faithfulness
    self.prompts = prompts
    self.isHeldOut = isHeldOut
  }

  /// On which prompts the circuit was measured.
  var line: String {
    isHeldOut
      ? "measured on \(prompts): held out"
      : "measured on the prompts that it was found on, \(prompts): there are no others"
  }
}

/// What was found on several tasks whose scores are kept near each other.
public struct CouplingReport: Sendable {
  /// A task within a radius.
  public struct Task: Sendable {
    /// What the task is called.
    public let name: String
    /// The circuit.
    public let circuit: Circuit
    /// What the circuit does on prompts that it was not found on, if there are any.
    public let measured: UnseenMeasure
    /// How it stands to the centre.
    public let pull: CouplingPull

    /// Takes a task's name, its circuit, what that does and how it stands to the centre.
    public init(name: String, circuit: Circuit, measured: UnseenMeasure, pull: CouplingPull) {
      self.name = name
      self.circuit = circuit
      self.measured = measured
      self.pull = pull
    }
  }

  /// All tasks within one radius.
  public struct Round: Sendable {
    /// The radius as it is written.
    public let radius: String
    /// The tasks.
    public let tasks: [Task]

    /// Takes a radius and the tasks within it.
    public init(radius: String, tasks: [Task]) {
      self.radius = radius
      self.tasks = tasks
    }

    /// The edges in every task's circuit.
    public var core: Circuit {
      tasks.dropFirst().reduce(tasks[0].circuit) { $0.intersection($1.circuit) }
    }
  }

  /// For each radius what was found.
  public let rounds: [Round]

  /// Takes what was found; at least one radius and task.
  public init(rounds: [Round]) { self.rounds = rounds }

  /// For each radius and task the circuit's size, what it does and how hard the task pulls, as a table.
  public var table: TextTable {
    var table = TextTable([
      "within": .right, "task": .left, "edges": .right, "in core": .right, "faithfulness": .right,
      "± s.e.": .right, "multiplier": .right, "distance": .right,
    ])
    for round in rounds {
      let core = round.core.edgeCount
      for task in round.tasks {
        let (edges, found) = (task.circuit.edgeCount, task.measured.faithfulness)
        table.add(
          round.radius, task.name, Numbers.count(edges),
          Numbers.percent(edges > 0 ? Double(core) / Double(edges) : .nan),
          Numbers.percent(found.value), found.standardError.map(Numbers.percent) ?? "",
          Numbers.fixed(task.pull.multiplier), Numbers.fixed(task.pull.distance))
      }
    }
    return table
  }

  /// The table, the size of each core, and where circuits were measured.
  public func text(on page: Page = Page()) -> String {
    let cores = rounds.map {
      "within \($0.radius): \(Numbers.count($0.core.edgeCount, "edge")) in every task's circuit"
    }
    let places = rounds[0].tasks.map { "\($0.name): \($0.measured.line)" }
    return ([table.text(on: page)] + [cores, places].map { $0.joined(separator: "\n") })
      .joined(separator: "\n\n")
  }

  /// For each radius and task a row as CSV.
  public var csv: String {
    Reports.csv(
      [
        "epsilon", "task", "edges", "core_edges", "faithfulness", "faithfulness_standard_error",
        "held_out", "multiplier", "distance",
      ],
      rounds.flatMap { round in
        round.tasks.map { task in
          let found = task.measured.faithfulness
          return [
            round.radius, task.name, "\(task.circuit.edgeCount)",
            "\(round.core.edgeCount)", Numbers.exact(found.value),
            Numbers.exact(found.standardError), "\(task.measured.isHeldOut)",
            Numbers.exact(task.pull.multiplier), Numbers.exact(task.pull.distance),
          ]
        }
      })
  }
}
