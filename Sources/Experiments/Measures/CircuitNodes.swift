public import Evaluation
import Graphs
public import Reports

extension EvaluationMeasure {
  /// The circuit's heads and MLPs.
  public static let nodes = EvaluationMeasure(
    "nodes", "the circuit's heads and MLPs: what they read and write most, their direct effects"
  ) { _ in
    { run in
      CircuitNodes(
        run.evaluation.nodes(
          of: run.source.circuit.pruned(), scores: run.source.scores,
          progress: run.listener.progress))
    }
  }
}

/// The heads and MLPs of a circuit, in canonical order.
public struct CircuitNodes: Sendable {
  /// The nodes.
  public let nodes: [CircuitNode]

  /// Takes what was measured.
  public init(_ nodes: [CircuitNode]) { self.nodes = nodes }

  private func table(_ report: EvaluationReport) -> NodeTable {
    NodeTable(nodes.map { NodeRecord($0) }, metric: report.metric)
  }
}

extension CircuitNodes: Finding {
  /// The key in `evaluation.json`.
  public static let key = "nodes"

  /// Those with the largest direct effects first.
  public func text(in report: EvaluationReport, on page: Page) -> String? {
    table(report).text(on: page)
  }

  /// All nodes.
  public func files(in report: EvaluationReport) -> [String: String] {
    ["nodes.csv": table(report).csvText]
  }

  /// All nodes, those with the largest direct effects first.
  public func json(in report: EvaluationReport) -> any Encodable { table(report).nodes }
}
