import Engine
import Files
public import Foundation
import Graphs
import Reports
import Tensors

extension FinishedRun {
  /// Chooses another circuit from the scores of a run.
  ///
  /// - Parameters:
  ///   - directory: The run.
  ///   - selection: Which edges are kept.
  ///   - model: Where the run's model is; nil for where it was.
  ///   - hardware: Where circuits are measured, wherever edges were scored; nil for the processor.
  ///   - listener: Is told how it goes on.
  /// - Returns: What the run would have found with this selection.
  /// - Throws: ``ExperimentError`` when the directory is not a run's, or the model or prompts are not those of the run
  ///   any more, and the library's errors.
  /// - Complexity: Three passes over the run's prompts; edges are not scored again.
  public static func select(
    from directory: URL, _ selection: SelectionPlan, model: ModelReference? = nil,
    hardware: Hardware? = nil, telling listener: ExperimentListener = ExperimentListener()
  ) throws -> Discovery {
    guard let run = try FinishedRun(directory) else {
      throw ExperimentError("\(directory.path): expected the directory of a run, with run.json.")
    }
    var plan = run.plan
    plan.selection = selection
    // Scores of the run that are 0 for their signs stay so.
    plan.selection.signShare = selection.signShare ?? run.plan.selection.signShare
    plan.model = model ?? plan.model
    plan.hardware = hardware
    if plan.perPrompt {
      listener.note("note: clusters of prompts are those of the run, and are not found again.")
      plan.perPrompt = false
    } else if selection.signShare != nil {
      throw ExperimentError(
        "\(directory.path): the run has no scores prompt by prompt; run discover again with --per-prompt."
      )
    }
    if plan.spans != nil {
      listener.note("note: circuits at spans are those of the run, and are not found again.")
      plan.spans = nil
    }
    let prepared = try PreparedDiscovery(plan, of: run, verifying: false)
    guard prepared.files == run.files else {
      throw ExperimentError(
        "\(directory.path): the files of the run's model or prompts have changed; run discover again."
      )
    }
    let contents = try CircuitSource.contents(directory, prepared.loaded.model)
    guard let found = contents.scores else {
      throw ExperimentError("\(directory.path): the run has no scores; run discover again.")
    }
    let scores =
      selection.signShare == nil
      ? found
      : selection.scores(
        of: try PromptScores.read(
          directory.appending(path: "prompt-scores.safetensors"), for: found.graph),
        seed: plan.task.seed)
    if selection.signShare != nil {
      let count = scores.graph.edgeOffsets.count { scores.values[$0] != found.values[$0] }
      listener.note(
        "note: the sign of \(Numbers.count(count, "edge")) depends on the prompts; their scores count as 0."
      )
    }
    return try prepared.loaded.model.device.checked {
      try prepared.discovery(
        PreparedDiscovery.Scored(scores: scores, attachments: run.attachments()),
        prepared.standing(), telling: listener, coupling: run.coupling)
    }
  }
}
