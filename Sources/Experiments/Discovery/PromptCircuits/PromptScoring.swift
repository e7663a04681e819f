import Engine
import Evaluation
import Graphs
import Methods
import Reports
import Tasks

/// The scores of each prompt by one method.
struct PromptScoring {
  /// The method's name.
  let name: String
  /// For each prompt its scores.
  let parts: [EdgeScores]
  /// How its circuits are chosen, all of one size.
  let selection: CircuitSelection
  /// Clusters of the prompts.
  let division: PromptClusters
  /// The mean scores of each cluster.
  let clusterScores: [EdgeScores]
  /// The circuit that the means over all prompts choose.
  let single: Circuit

  init(
    _ name: String, _ parts: [EdgeScores], _ selection: CircuitSelection, seed: UInt64
  ) {
    (self.name, self.parts, self.selection) = (name, parts, selection)
    division = PromptClusters(Similarities(of: parts), seed: seed)
    clusterScores = division.partition(of: parts.count).clusters.map { members in
      EdgeScores(meanOf: members.map { parts[$0] })
    }
    single = EdgeScores(meanOf: parts).circuit(selection)
  }

  /// The clusters of its prompts.
  var partition: Partition { division.partition(of: parts.count) }

  /// One circuit for all prompts, one for each cluster, and one for each prompt.
  var choices: [(name: String, circuits: PromptCircuits)] {
    choices(for: parts, places: partition.labels)
  }

  /// The same for other prompts: each has the cluster whose mean scores are nearest to its own.
  ///
  /// - Parameter others: The scores of each of them.
  /// - Returns: The three choices.
  func choices(for others: [EdgeScores]) -> [(name: String, circuits: PromptCircuits)] {
    let similarities = Similarities(of: clusterScores + others)
    let clusters = clusterScores.indices
    let places = others.indices.map { prompt in
      clusters.max { one, other in
        let place = clusters.count + prompt
        return similarities[one, place] < similarities[other, place]
      } ?? 0
    }
    return choices(for: others, places: places)
  }

  private func choices(
    for scores: [EdgeScores], places: [Int]
  ) -> [(name: String, circuits: PromptCircuits)] {
    [
      ("\(name): one for all prompts", PromptCircuits(single, promptCount: scores.count)),
      (
        "\(name): one for each cluster",
        PromptCircuits(clusterScores.map { $0.circuit(selection) }, places: places)
      ),
      (
        "\(name): one for each prompt",
        PromptCircuits(scores.map { $0.circuit(selection) }, places: Array(scores.indices))
      ),
    ]
  }
}

extension CircuitEvaluation {
  /// What choices of circuits for the task's prompts do.
  func choices(
    _ choices: [(name: String, circuits: PromptCircuits)], _ listener: ExperimentListener
  ) -> [PromptReport.Choice] {
    zip(choices, promptCircuits(choices.map(\.circuits), progress: listener.progress)).map {
      PromptReport.Choice(
        name: $0.name, circuitCount: Set($0.circuits.circuits.map(\.edges)).count,
        faithfulness: $1)
    }
  }
}
