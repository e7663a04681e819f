import Models
package import Tasks

extension GoldenModel {
  /// The golden prompts as a task.
  package func task(_ metric: any Metric) throws -> CircuitTask {
    let clean = try file.prompts("tokens.clean")
    let corrupted = try file.prompts("tokens.corrupted")
    let (answers, wrong) = (try file.integers("answers"), try file.integers("wrong_answers"))
    return try CircuitTask(
      name: "golden",
      pairs: clean.indices.map {
        PromptPair(
          clean: clean[$0], corrupted: corrupted[$0], answers: [answers[$0]],
          wrongAnswers: [wrong[$0]])
      }, metric: metric, model: model)
  }
}
