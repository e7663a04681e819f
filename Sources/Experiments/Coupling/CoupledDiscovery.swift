import Engine
import Evaluation
public import Foundation
public import Graphs
import Methods
public import Reports
import Tasks

/// What a coupled discovery found.
public struct CoupledDiscovery: Sendable {
  /// What was found within one radius.
  public struct Round: Sendable {
    /// How far a task may be from the centre.
    public let radius: CouplingRadius
    /// What the tasks are called.
    public let names: [String]
    /// The circuit of each task with its scores and what it does.
    public let tasks: [Discovery]
    /// What each circuit does on prompts that it was not found on, if there are any.
    public let measured: [UnseenMeasure]
    /// How each task stands to the centre.
    public let pulls: [CouplingPull]

    /// The edges in every task's circuit.
    public var core: Circuit { report.core }

    var report: CouplingReport.Round {
      CouplingReport.Round(
        radius: radius.description,
        tasks: tasks.indices.map {
          CouplingReport.Task(
            name: names[$0], circuit: tasks[$0].circuit, measured: measured[$0], pull: pulls[$0])
        })
    }
  }

  /// What was run.
  public let plan: CouplingPlan
  /// What was found within each radius.
  public let rounds: [Round]

  /// What people read.
  public var report: CouplingReport { CouplingReport(rounds: rounds.map(\.report)) }
}

/// What `coupling.json` says.
private struct CouplingRecord: Encodable {
  struct Task: Encodable {
    let task: String
    /// The run's directory in that of the coupling.
    let run: String
    let multiplier: Double
    let distance: Double
    let edges: Int
    let metric: String
    let faithfulness: Double?
    let faithfulnessStandardError: Double?
    let isHeldOut: Bool
  }

  struct Round: Encodable {
    let radius: CouplingRadius
    let tasks: [Task]
    /// The edges in every task's circuit.
    let core: [String]
  }

  let plan: CouplingPlan
  let rounds: [Round]

  init(_ coupling: CoupledDiscovery) {
    plan = coupling.plan
    rounds = coupling.rounds.map { round in
      Round(
        radius: round.radius,
        tasks: zip(round.report.tasks, round.tasks).map { task, found in
          let faithfulness = task.measured.faithfulness
          return Task(
            task: task.name, run: coupling.directory(of: round) + task.name,
            multiplier: task.pull.multiplier, distance: task.pull.distance,
            edges: task.circuit.edgeCount, metric: found.report.heading.metric,
            faithfulness: finite(faithfulness.value),
            faithfulnessStandardError: faithfulness.standardError.flatMap(finite),
            isHeldOut: task.measured.isHeldOut)
        }, core: round.core.edges.map(\.description))
    }
  }
}

extension CoupledDiscovery {
  /// Where the files of a round are, as names of files begin: in a directory of its own if there are several.
  fileprivate func directory(of round: Round) -> String {
    plan.isSweep ? "within-\(round.radius)/" : ""
  }

  /// What was run and what came out, as JSON with sorted keys.
  public func json() throws -> String { try sortedJSON(CouplingRecord(self)) }

  /// The files of a coupling's directory, by name: `coupling.json`, the core, a run's directory for each task, and of
  /// a sweep `coupling.csv`.
  public func files() throws -> [String: Data] {
    var files = ["coupling.json": Data((try json() + "\n").utf8)]
    if plan.isSweep { files["coupling.csv"] = Data(report.csv.utf8) }
    for round in rounds {
      let place = directory(of: round)
      files[place + "core.json"] = Data(try CircuitDocument(round.core).json().utf8)
      for (name, task) in zip(round.names, round.tasks) {
        for (file, data) in try task.files() { files["\(place)\(name)/\(file)"] = data }
      }
    }
    return files
  }

  /// What each task's circuit does and what they have in common, for a terminal.
  public func text(on page: Page = Page()) -> String { report.text(on: page) }
}
