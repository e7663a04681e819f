import Engine
import Evaluation
import Graphs
import Methods
import Reports
import Tasks

extension PreparedDiscovery {
  private static let exampleCount = 3

  /// What scores and masks of every prompt take beside the rest.
  var promptScoreBytes: Int {
    plan.perPrompt
      ? 8 * problem.task.pairs.count * problem.graph.writerCount * problem.graph.readerCount : 0
  }

  /// The scores of each prompt by itself.
  func promptScores(_ run: MethodRun) throws(MethodError) -> [EdgeScores] {
    try method.promptScores(
      for: problem, groups: problem.task.pairs.indices.map { $0..<($0 + 1) }, run: run)
  }

  /// Clusters of prompts with their circuits, against one circuit of the same size.
  ///
  /// - Parameters:
  ///   - parts: The scores of each prompt.
  ///   - scores: Those of all.
  ///   - chosen: The run's circuit, whose size and order all others have.
  ///   - listener: Is told how it goes on.
  /// - Returns: What is found, measured on the prompts that edges were scored on.
  func promptReport(
    _ parts: [EdgeScores], _ scores: EdgeScores, _ chosen: CircuitChoice,
    _ listener: ExperimentListener
  ) -> PromptReport {
    let selection = CircuitSelection(
      .edges(chosen.circuit.edgeCount), ranking: chosen.ranking, order: chosen.order)
    let division = PromptClusters(Similarities(of: parts), seed: plan.task.seed)
    let partition = division.partition(of: parts.count)
    let single = scores.circuit(selection)
    let choices = [
      ("one for all prompts", PromptCircuits(single, promptCount: parts.count)),
      ("one for each cluster", PromptCircuits(partition, of: parts, by: selection)),
      (
        "one for each prompt",
        PromptCircuits(parts.map { $0.circuit(selection) }, places: Array(parts.indices))
      ),
    ]
    let found = evaluation(on: made.task).promptCircuits(
      choices.map(\.1), progress: listener.progress)
    let clusters = partition.clusters.enumerated().map { index, prompts in
      PromptReport.Cluster(
        prompts: prompts, scores: EdgeScores(meanOf: prompts.map { parts[$0] }),
        circuit: choices[1].1.circuits[index],
        examples: examples(of: prompts, division.isSplit ? division.best?.silhouettes : nil),
        own: found[1].restricted(to: prompts), single: found[0].restricted(to: prompts))
    }
    return PromptReport(
      division: division, single: single, ranking: chosen.ranking, clusters: clusters,
      choices: zip(choices, found).map { choice, found in
        PromptReport.Choice(
          name: choice.0, circuitCount: Set(choice.1.circuits.map(\.edges)).count,
          faithfulness: found)
      })
  }

  /// The prompts that lie best in a cluster, as text, or tokens where the model has no tokenizer.
  private func examples(of prompts: [Int], _ silhouettes: [Double]?) -> [String] {
    let best = prompts.sorted { one, other in
      let (left, right) = (silhouettes?[one] ?? 0, silhouettes?[other] ?? 0)
      return left == right ? one < other : left > right
    }
    return best.prefix(Self.exampleCount).map { prompt in
      let tokens = made.task.pairs[prompt].clean
      return loaded.model.tokenizer?.decode(tokens)
        ?? tokens.map(String.init).joined(separator: " ")
    }
  }
}
