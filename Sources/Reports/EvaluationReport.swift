public import Evaluation
public import Graphs

/// Everything that was measured of one circuit.
public struct EvaluationReport: Sendable {
  /// The lines above the tables: model, circuit, prompts, what was ablated.
  public var heading: [String]
  /// The circuit.
  public var circuit: Circuit
  /// The name of the metric of curves and tests.
  public var metric: String
  /// The circuit by every metric, with the metrics' names.
  public var metrics: [(name: String, faithfulness: Faithfulness)] = []
  /// Whether the circuit is what is ablated, and the numbers are of what is left.
  public var isAblated = false
  /// What was said while it was measured, in one sentence each.
  public var notes: [String] = []
  /// What the measures found, in the order in which it is shown.
  public var findings: [any Finding] = []

  /// Starts a report that says what was run.
  public init(heading: [String], circuit: Circuit, metric: String) {
    self.heading = heading
    self.circuit = circuit
    self.metric = metric
  }

  /// What a measure found; nil when it was not taken.
  public func found<Found: Finding>(_: Found.Type) -> Found? {
    findings.lazy.compactMap { $0 as? Found }.first
  }

  /// The report for a terminal: tables and sentences, an empty line between them.
  public func text(on page: Page = Page()) -> String {
    let parts: [String?] = [
      heading.joined(separator: "\n"), metricTable.text(on: page) + Self.legend, caveatText,
    ]
    return (parts + findings.map { $0.text(in: self, on: page) }).compactMap(\.self)
      .joined(separator: "\n\n")
  }

  /// Tables as CSV and plots as SVG and PDF, by file name.
  public var files: [String: String] {
    findings.reduce(into: ["metrics.csv": metricsCSV]) { files, finding in
      files.merge(finding.files(in: self)) { one, _ in one }
    }
  }

  /// What was measured, by the keys of `evaluation.json`.
  package var json: [String: any Encodable] {
    findings.reduce(
      into: [
        "heading": heading, "metric": metric, "edges": circuit.edgeCount,
        "metrics": metrics.map { MeasuredMetric($0.name, $0.faithfulness) },
        "caveats": caveats.map(\.description), "notes": notes,
      ]
    ) { $0[type(of: $1).key] = $1.json(in: self) }
  }

  /// What the numbers do not say by themselves.
  public var caveats: [Caveat] { isAblated ? [] : Caveat.all(by: metric, of: metrics) }

  /// The caveats, a line each.
  private var caveatText: String? {
    let lines = caveats.map { "caution: \($0)" }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }

  private var metricTable: TextTable {
    var table = TextTable([
      "metric": .left, "full": .right, "circuit": .right, "± s.e.": .right, "empty": .right,
      "faithful": .right, "10 %": .right, "median": .right, "90 %": .right,
    ])
    for (name, found) in metrics {
      let recovered = found.recovered
      table.add(
        name, Numbers.short(found.full.mean), Numbers.short(found.circuit.mean),
        found.circuit.standardError.map(Numbers.short) ?? "–",
        Numbers.short(found.empty.mean), Numbers.percent(found.value),
        Numbers.percent(recovered.quantile(0.1)), Numbers.percent(recovered.quantile(0.5)),
        Numbers.percent(recovered.quantile(0.9)))
    }
    return table
  }

  private static let legend =
    "\nfaithful: of the means; 10 %, median, 90 %: of the ratios of single prompts that have one"

  private var metricsCSV: String {
    csv(
      [
        "metric", "full", "circuit", "circuit_standard_error", "empty", "faithfulness",
        "recovered_10", "recovered_50", "recovered_90",
      ],
      metrics.map { name, found in
        [
          name, Numbers.exact(found.full.mean), Numbers.exact(found.circuit.mean),
          Numbers.exact(found.circuit.standardError), Numbers.exact(found.empty.mean),
          Numbers.exact(found.value),
        ] + [0.1, 0.5, 0.9].map { Numbers.exact(found.recovered.quantile($0)) }
      })
  }

  /// Model, circuit and prompts, as figures say them, and what their marks mean.
  package func caption(_ note: String...) -> String { (heading + note).joined(separator: "\n") }
}
