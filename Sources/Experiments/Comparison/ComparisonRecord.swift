import Evaluation
public import Foundation
public import Reports

/// What `comparison.json` says.
struct ComparisonRecord: Encodable {
  struct Outcome: Encodable {
    let method: String
    let settings: String
    let forwardPasses: Double
    let backwardPasses: Double
    let seconds: Double
    /// Areas by name; nothing when the method cannot say anything about the task.
    let areas: [String: Double]?
    /// Points of the curves: false and true positive rates, or shares of edges and faithfulness.
    let curves: [String: [[Double]]]?
  }

  struct Task: Encodable {
    let name: String
    let description: String
    let outcomes: [Outcome]
  }

  let plan: ComparisonPlan
  let tasks: [Task]

  /// Takes what was run and what came out.
  init(_ comparison: Comparison, _ plan: ComparisonPlan) {
    self.plan = plan
    tasks = comparison.tasks.map { task in
      Task(
        name: task.name, description: task.description,
        outcomes: task.outcomes.map { outcome in
          Outcome(
            method: outcome.method, settings: outcome.settings,
            forwardPasses: outcome.passes.forward,
            backwardPasses: outcome.passes.backward, seconds: outcome.seconds,
            areas: outcome.found.map { found in
              [String: Double](
                uniqueKeysWithValues: Comparison.numbers(found).compactMap { name, value in
                  value.isFinite ? (name, value) : nil
                })
            }, curves: outcome.found.map(Self.curves))
        })
    }
  }

  private static func curves(_ found: Comparison.Found) -> [String: [[Double]]] {
    switch found {
    case .recovery(let edges, let nodes):
      ["edges": edges, "nodes": nodes].mapValues { curve in
        curve.points.map { [$0.falsePositiveRate, $0.truePositiveRate] }
      }
    case .faithfulness(let signed, let magnitude):
      ["signed": signed, "magnitude": magnitude].mapValues { curve in
        curve.points.map { [$0.fraction, $0.faithfulness.value] }.filter { $0[1].isFinite }
      }
    }
  }
}

extension Comparison {
  /// What was run and what came out, as JSON with sorted keys.
  ///
  /// - Throws: `EncodingError`, when a number is none.
  public func json(of plan: ComparisonPlan) throws -> String {
    try sortedJSON(ComparisonRecord(self, plan))
  }

  /// The files of a comparison's directory, by name: `comparison.json`, the tables, and a plot for each task.
  ///
  /// - Throws: `EncodingError`, when a number is none.
  public func files(of plan: ComparisonPlan) throws -> [String: Data] {
    figures.reduce(
      into: ["comparison.json": try json(of: plan) + "\n", "comparison.txt": text() + "\n"]
    ) { files, figure in
      files.merge(figure.figure.files(named: figure.task)) { $1 }
    }.mapValues { Data($0.utf8) }
  }
}
