import Files
import Foundation
import Graphs
import Reports

extension Discovery {
  /// The files that tell of single prompts, by name: none when they were not asked for.
  func promptCircuitFiles() throws -> [String: Data] {
    guard let prompts = report.prompts else { return [:] }
    var files = [
      "clusters.csv": Data(prompts.csvText.utf8),
      "clusters.json": Data((try sortedJSON(PromptReportRecord(prompts)) + "\n").utf8),
      "prompt-scores.safetensors": try PromptScores.safetensors(
        promptScores, method: report.heading.method, metric: report.heading.metric),
    ]
    for (index, cluster) in prompts.clusters.enumerated() {
      let document = CircuitDocument(cluster.circuit, scores: cluster.scores)
      files["cluster-\(index + 1).json"] = Data(try document.json().utf8)
    }
    return files
  }
}
