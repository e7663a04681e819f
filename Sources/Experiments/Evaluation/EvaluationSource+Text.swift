import Engine
import Evaluation
import Graphs
public import Reports
import Tasks

extension EvaluationSource {
  /// Lines about model, circuit, prompts and what is ablated.
  var heading: [String] {
    let pruned = circuit.pruned()
    let place = scheme.positions == .all ? "at all positions" : "at \(scheme.positions)"
    let side = scheme.part == .complement ? "outside of the circuit" : "of the circuit itself"
    return [
      model.heading(circuit.graph),
      """
      circuit of \(Numbers.count(circuit.edgeCount, "edge")), \
      \(Numbers.count(pruned.edgeCount)) on paths from input to logits, through \
      \(pruned.nodeCountText)
      """, circuitDescription, selectionDescription, taskDescription,
      "\(scheme.ablation) ablation of \(scheme.granularity.rawValue) \(side), \(place)",
    ]
  }

  /// What `evaluation.json` says: what was run and everything that was measured, with sorted keys.
  ///
  /// - Parameter report: What was measured.
  /// - Returns: One JSON object.
  /// - Throws: `EncodingError` when a measure's own JSON cannot be written.
  public func json(_ report: EvaluationReport) throws -> String {
    let run: [String: any Encodable] = [
      "version": edgewiseVersion, "source": plan.source, "model": model.name,
      "task": taskDescription, "prompts": task.pairs.count,
      "scheme": scheme.labels + [scheme.part.rawValue], "seconds": clock.seconds,
    ]
    return try sortedJSON(JSONObject(fields: run.merging(report.json) { one, _ in one }))
  }
}
