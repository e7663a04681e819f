import Engine
public import Evaluation
import Graphs
public import Reports
import Tasks

/// A circuit whose score was measured under several choices of what is ablated.
public struct RobustnessRun: Sendable {
  /// The circuit and its prompts.
  public let source: EvaluationSource
  /// What was measured.
  public let robustness: Robustness

  /// What was run, and a table of all choices with what they come to.
  public func text(on page: Page = Page()) -> String {
    """
    \(source.model.name): circuit of \(Numbers.count(source.circuit.edgeCount, "edge"))
    \(source.circuitDescription)
    \(source.selectionDescription)
    \(source.taskDescription)
    faithfulness under \(Numbers.count(robustness.rows.count)) choices of what is ablated \
    \(source.plan.part == .complement ? "outside of the circuit" : "of the circuit itself")

    \(robustness.table.text(on: page))

    from lowest to highest, in percentage points:
    \(robustness.conclusion)
    """
  }

  /// The table as CSV, by file name.
  public var files: [String: String] { ["robustness.csv": robustness.csvText] }

  private struct Record: Encodable {
    struct Row: Encodable {
      let granularity: String
      let ablation: String
      let positions: String
      let measured: [MeasuredMetric]
    }

    let version = edgewiseVersion
    let source: String
    let model: String
    let circuit: String
    let edges: Int
    let task: String
    let part: String
    let rows: [Row]
  }

  /// All of it as JSON with sorted keys.
  ///
  /// - Throws: `EncodingError`, when a number is none.
  public func json() throws -> String {
    try sortedJSON(
      Record(
        source: source.plan.source, model: source.model.name, circuit: source.circuitDescription,
        edges: source.circuit.edgeCount, task: source.taskDescription,
        part: source.plan.part.rawValue,
        rows: robustness.rows.map { row in
          Record.Row(
            granularity: row.scheme.granularity.rawValue, ablation: row.scheme.ablation.rawValue,
            positions: row.scheme.positions.description,
            measured: zip(robustness.metrics, row.faithfulness).map { MeasuredMetric($0, $1) })
        }))
  }
}
