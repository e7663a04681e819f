import Evaluation
import Graphs

extension PromptReport {
  /// The cluster of each prompt and how well it lies there, as CSV; both are counted from 1.
  public var csvText: String {
    let silhouettes = silhouettes
    return csv(
      ["prompt", "cluster", "silhouette"],
      labels.enumerated().map { prompt, label in
        ["\(prompt + 1)", "\(label + 1)", Numbers.exact(silhouettes[prompt])]
      })
  }
}

/// The circuits of single prompts as `clusters.json` and `run.json` hold them.
public struct PromptReportRecord: Encodable, Sendable {
  struct Measure: Encodable, Sendable {
    let faithfulness: Double?
    let unfaithfulness: Double?

    init(_ found: Faithfulness) {
      faithfulness = finite(found.value)
      unfaithfulness = finite(found.unfaithfulness)
    }
  }

  struct Choice: Encodable, Sendable {
    let circuits: String
    let different: Int
    let measure: Measure
  }

  struct Split: Encodable, Sendable {
    let algorithm: PromptClusters.Algorithm
    let clusters: Int
    let silhouette: Double
  }

  struct Cluster: Encodable, Sendable {
    let prompts: [Int]
    let circuit: [String]
    let examples: [String]
    let own: Measure
    let single: Measure
  }

  let edges: Int
  let isSplit: Bool
  let splits: [Split]
  let best: Split?
  let separation: Double
  let reference: [Double]
  let deviation: Double?
  let agreement: Double?
  /// For each prompt its cluster, counted from 1.
  let labels: [Int]
  let silhouettes: [Double]
  let clusters: [Cluster]
  let choices: [Choice]
  /// The same on prompts that were held out.
  let heldOut: [Choice]?
  let overlaps: [[Double]]

  /// Takes what a report tells.
  public init(_ report: PromptReport) {
    let split = { (split: PromptClusters.Split) in
      Split(
        algorithm: split.algorithm, clusters: split.partition.clusters.count,
        silhouette: split.silhouette)
    }
    edges = report.single.edgeCount
    isSplit = report.division.isSplit
    splits = report.division.splits.map(split)
    best = report.division.best.map(split)
    separation = report.division.separation
    reference = report.division.reference.values
    deviation = report.division.deviation
    agreement = report.division.agreement
    labels = report.labels.map { $0 + 1 }
    silhouettes = report.silhouettes
    clusters = report.clusters.map { cluster in
      Cluster(
        prompts: cluster.prompts.map { $0 + 1 },
        circuit: cluster.scores.top(of: cluster.circuit, by: report.ranking).map {
          "\($0.edge)"
        }, examples: cluster.examples, own: Measure(cluster.own), single: Measure(cluster.single))
    }
    let choice = { (choice: PromptReport.Choice) in
      Choice(
        circuits: choice.name, different: choice.circuitCount,
        measure: Measure(choice.faithfulness))
    }
    choices = report.choices.map(choice)
    heldOut = report.heldOut?.choices.map(choice)
    overlaps = report.overlaps
  }
}
