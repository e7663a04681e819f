public import Evaluation
public import Reports

extension EvaluationMeasure {
  /// What the model does without the circuit.
  public static let completeness = EvaluationMeasure(
    "completeness", "what the model does without the circuit, and both without random halves of it"
  ) { _ in
    { run in
      run.evaluation.completeness(
        of: run.source.circuit, halves: run.draws, seed: run.seed, progress: run.listener.progress)
    }
  }
}

extension Completeness: Finding {
  /// The key in `evaluation.json`.
  public static let key = "completeness"

  /// What is left without the circuit, and how far circuit and model part.
  public func text(in report: EvaluationReport, on page: Page) -> String? {
    """
    without the circuit the model has \(report.metric) \
    \(Numbers.fixed(whole.model.mean)), \(Numbers.percent(withoutCircuit.value)) faithful
    \(Numbers.count(halves.count)) random halves of it knocked out of circuit and model: \
    they differ by \(Numbers.percent(incompleteness)) (0 when complete)
    """
  }

  /// Every knockout.
  public func files(in report: EvaluationReport) -> [String: String] {
    [
      "completeness.csv": csv(
        ["knockout", "parts", "circuit_\(report.metric)", "model_\(report.metric)"],
        ([("whole circuit", whole)] + halves.map { ("random half", $0) }).map { name, knockout in
          [
            name, "\(knockout.partCount)", Numbers.exact(knockout.circuit.mean),
            Numbers.exact(knockout.model.mean),
          ]
        })
    ]
  }

  private struct Record: Encodable {
    struct Half: Encodable {
      let parts: Int
      let circuit: Double?
      let model: Double?
    }

    let withoutCircuit: MeasuredMetric
    let incompleteness: Double?
    let halves: [Half]
  }

  /// What is left without the circuit, and every half.
  public func json(in report: EvaluationReport) -> any Encodable {
    Record(
      withoutCircuit: MeasuredMetric(report.metric, withoutCircuit),
      incompleteness: finite(incompleteness),
      halves: halves.map {
        Record.Half(
          parts: $0.partCount, circuit: finite($0.circuit.mean), model: finite($0.model.mean))
      })
  }
}
