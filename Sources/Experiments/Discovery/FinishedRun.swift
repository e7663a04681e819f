import Engine
import Files
public import Foundation
import Graphs
import Methods
import Tasks

/// A run's directory that a discovery wrote.
public struct FinishedRun: Sendable {
  /// What was run.
  public let plan: DiscoveryPlan
  /// The run's directory.
  let directory: URL
  /// The metric that edges were scored by.
  let metric: String
  let files: RunRecord.Files
  /// The search that decided on the circuit's size; nil when it was given.
  let search: RunRecord.Search?
  /// What kept the run's scores near those of other tasks; nil for nothing.
  let coupling: RunRecord.Coupling?
  /// How many pairs of the task's file were left out because their prompts differ in tokens.
  let leftOutCount: Int
  /// SHA-256 of what the method handed over beside scores, by the files' names.
  let attachmentHashes: [String: String]

  private struct Record: Decodable {
    let plan: DiscoveryPlan
    let metric: String
    let files: RunRecord.Files
    let search: RunRecord.Search?
    let coupling: RunRecord.Coupling?
    let leftOut: Int?
    let attachments: [String: String]
  }

  /// Reads what a run says of itself; nil when the path is not a directory.
  ///
  /// - Throws: ``ExperimentError`` for a directory without a run's record.
  public init?(_ url: URL) throws {
    guard (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false else {
      return nil
    }
    let file = url.appending(path: "run.json")
    guard let data = try? RegularFile.contents(file) else {
      throw ExperimentError("\(url.path): expected the directory of a run, with run.json.")
    }
    guard let record = try? JSONDecoder().decode(Record.self, from: data) else {
      throw ExperimentError(
        """
        \(file.path): expected the record of a run of this version, with plan, metric and files; run \
        discover again.
        """)
    }
    directory = url
    do {
      try record.plan.check()
      try record.search?.check()
    } catch {
      throw ExperimentError("\(file.path): this is not the record of a run: \(error)")
    }
    plan = record.plan
    metric = record.metric
    files = record.files
    search = record.search
    coupling = record.coupling
    leftOutCount = record.leftOut ?? 0
    attachmentHashes = record.attachments
  }

  /// What is said of how edges were scored.
  var methodDescription: String {
    [plan.methodDescription, coupling?.text].compactMap(\.self).joined(separator: ", ")
  }

  /// The choice of edges: what was searched for or given, or that of the method itself.
  var selection: CircuitSelection {
    if let search {
      return CircuitSelection(
        .edges(search.edgesBeforePruning), ranking: search.ranking, order: search.order,
        prunes: true)
    }
    let own = plan.method.method.make(plan.method.options()).ownCircuit
    return plan.selection.selection(default: own ?? .usual)
  }

  /// The run's ablation, ready for runs of a model.
  ///
  /// - Throws: ``ExperimentError`` when the file of its constants is not the one that it was, and the library's errors.
  func ablation(for model: Transformer) throws -> Ablation {
    if let file = plan.ablation.file, try fileHashes(of: file) != files.constants {
      throw ExperimentError(
        """
        \(file.path): these are not the constants of the run any more: the file has changed; name what ablated edges \
        carry with --ablation.
        """)
    }
    return try plan.ablation.loaded(for: model)
  }

  /// The options of the method, with the edges that it was told to look at.
  ///
  /// - Throws: ``ExperimentError`` when the file that names them is not the one that it was.
  func methodOptions(_ graph: ComputationGraph, _ model: Transformer) throws -> MethodOptions {
    guard try plan.method.sourceHashes() == files.edges else {
      let names = plan.method.sourceFiles.map(\.path).joined(separator: ", ")
      throw ExperimentError(
        "\(names): this is not the file that the run read: it has changed since.")
    }
    return try plan.method.options(seed: plan.task.seed, graph, model)
  }
}
