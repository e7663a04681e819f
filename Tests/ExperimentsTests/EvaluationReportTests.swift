import Evaluation
import Experiments
import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif
import Graphs
import Methods
import Reports
import Tasks
import TestSupport
import Testing

/// What measures found, as people and programs read it.
@Suite struct EvaluationReportTests {
  private let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)

  private func found(_ value: Double) -> Faithfulness {
    Faithfulness(
      full: PromptValues([2]), empty: PromptValues([0]), circuit: PromptValues([2 * value]))
  }

  private let scores: EdgeScores = {
    let graph = ComputationGraph(layerCount: 2, headCount: 2, keyValueReaderCount: 1, dModel: 4)
    let count = graph.writerCount * graph.readerCount
    return EdgeScores((0..<count).map { Float($0 % 11) - 5 }, graph: graph)
  }()

  @Test func `tables of large and odd numbers fit 100 columns`() {
    let huge = Faithfulness(
      full: PromptValues([-49_151, -49_151.5]), empty: PromptValues([-49_150, -49_151.4]),
      circuit: PromptValues([-12_345.678, 9.9e7]))
    let none = Faithfulness(
      full: PromptValues([.nan]), empty: PromptValues([1]), circuit: PromptValues([.infinity]))
    let graph = ComputationGraph(layerCount: 32, headCount: 32, dModel: 4096)
    let circuit = EdgeScores(["m31->logits": -12345.678], graph: graph).circuit(edgeCount: 300_000)
    var report = EvaluationReport(heading: [], circuit: circuit, metric: "probability-difference")
    report.metrics = [("probability-difference", huge), ("answer-rank", none)]
    let curve = FaithfulnessCurve(
      points: [huge, none].map {
        FaithfulnessCurve.Point(
          fraction: 1, edgeCount: 1_592_881, prunedEdgeCount: 1_592_881, faithfulness: $0)
      }, totalEdgeCount: 1_592_881)
    report.findings = [
      RankedCurves([(.magnitude, curve)]),
      Contributions([Contribution(part: "a31.h31->a31.h31<q>", effect: huge.circuit)]),
      TrueCircuit(
        overlap: CircuitOverlap(of: circuit, with: circuit),
        recovery: [(.edges, RecoveryCurve(points: []))]),
    ]
    for line in report.text(on: Page(rows: 5)).split(separator: "\n") {
      #expect(line.count <= 100, "\(line.count): \(line)")
    }
  }

  @Test func `an evaluation shows what was measured and nothing else`() {
    let circuit = scores.circuit(edgeCount: 3)
    let found = Faithfulness(
      full: PromptValues([4, 2]), empty: PromptValues([1, 1]), circuit: PromptValues([2, 3]))
    var report = EvaluationReport(heading: ["model", "task"], circuit: circuit, metric: "kl")
    report.metrics = [("kl", found)]
    #expect(report.text(on: Page(rows: 5)).hasPrefix("model\ntask\n\nmetric"))
    #expect(report.text(on: Page(rows: 5)).contains("75.0 %"))
    #expect(!report.text(on: Page(rows: 5)).contains("CPR"))
    #expect(report.files.keys.sorted() == ["metrics.csv"])
    #expect(report.files["metrics.csv"]?.contains("kl,3.0,2.5,0.5,1.0,0.75,") ?? false)

    let point = FaithfulnessCurve.Point(
      fraction: 0.5, edgeCount: 3, prunedEdgeCount: 2, faithfulness: found)
    let curve = FaithfulnessCurve(points: [point, point], totalEdgeCount: 6)
    report.findings = [
      RandomBaseline(circuits: [found, found]),
      RankedCurves([(.signed, curve), (.magnitude, curve)]),
      Contributions(
        circuit.edges.enumerated().map { index, edge in
          Contribution(part: "\(edge)", effect: PromptValues([Double(index), Double(index)]))
        }),
      TrueCircuit(
        overlap: CircuitOverlap(of: circuit, with: circuit),
        recovery: [(.edges, RecoveryCurve(of: scores, truth: circuit))]),
      ScoreAgreement(scores, scores, by: .magnitude),
    ]
    #expect(report.found(RankedCurves.self)?.curves.count == 2)
    #expect(report.found(Completeness.self) == nil)
    #expect(
      report.files.keys.sorted() == [
        "curve.csv", "curve.pdf", "curve.svg", "metrics.csv", "minimality.csv", "roc.csv",
        "roc.pdf", "roc.svg",
      ])
    let text = report.text(on: Page(rows: 2))
    for part in ["CPR 0.000", "1 of 3 change it", "2 random circuits", "precision"] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
    // The largest effect first.
    #expect(
      report.files["minimality.csv"]?.contains("effect,standard_error\n\(circuit.edges[2]),2.0,0.0")
        ?? false)
    for name in ["curve.svg", "roc.svg"] {
      let parser = XMLParser(data: Data((report.files[name] ?? "").utf8))
      #expect(parser.parse(), "\(name): \(String(describing: parser.parserError))")
    }
  }

  @Test func `an evaluation's areas and idle parts`() throws {
    let circuit = EdgeScores(["input->m0": 1], graph: graph).circuit(edgeCount: 1)
    let curve = FaithfulnessCurve(
      points: [0.5, 1].map {
        FaithfulnessCurve.Point(
          fraction: $0, edgeCount: 4, prunedEdgeCount: 4, faithfulness: found(0.75))
      }, totalEdgeCount: 8)
    var report = EvaluationReport(heading: [], circuit: circuit, metric: "kl")
    report.metrics = [("kl", found(0.75))]
    report.findings = [
      RankedCurves([(.signed, curve), (.magnitude, curve)]),
      Contributions(
        [0.019, -0.019, 0.021, -2].map {
          Contribution(part: "\($0)", effect: PromptValues([$0]))
        }),
    ]
    let text = report.text(on: Page(rows: 9))
    #expect(text.contains("CPR 0.375 (realised sizes 0.000, log axis 0.750)"), "\(text)")
    #expect(text.contains("CMD 0.125 (realised sizes 0.000, log axis 0.250)"))
    #expect(text.contains("2 of 4 change it by less than 1 %"))
  }

  /// Equal scores rank nothing: dashes where areas, overlaps and correlations would be.
  @Test func `what ties is not shown as a rank`() {
    let flat = EdgeScores([:], graph: graph)
    let truth = EdgeScores(["input->m0": 1], graph: graph).circuit(edgeCount: 1)
    let curve = RecoveryCurve(of: flat, truth: truth)
    var report = EvaluationReport(heading: [], circuit: truth, metric: "kl")
    report.findings = [
      TrueCircuit(
        overlap: CircuitOverlap(of: truth, with: truth),
        recovery: [
          (.edges, curve), (.nodes, RecoveryCurve(of: flat, truth: truth, level: .nodes)),
        ]),
      ScoreAgreement(flat, flat, by: .magnitude),
    ]
    let text = report.text(on: Page(rows: 3))
    #expect(text.contains("rank correlation –"), "\(text)")
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("edges") || $0.hasPrefix("nodes") }
    #expect(rows.count == 2 && rows.allSatisfy { $0.count { $0 == "–" } == 2 }, "\(rows)")
    let areas = Comparison.numbers(.recovery(edges: curve, nodes: curve)).map(\.value)
    #expect(areas.count == 4 && areas.allSatisfy { $0.isNaN })
  }

  /// How many layers a circuit reaches into: a measure of one's own.
  private struct Depth: Finding {
    static let key = "depth"
    let layers: Int

    func text(in report: EvaluationReport, on page: Page) -> String? { "\(layers) layers deep" }
    func files(in report: EvaluationReport) -> [String: String] { ["depth.csv": "\(layers)\n"] }
    func json(in report: EvaluationReport) -> any Encodable { layers }
  }

  /// One value brings a measure's text, files and JSON, and sees what is evaluated.
  @Test func `a measure of one's own`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: directory) }
    let plan = DiscoveryPlan(
      model: ModelReference("induction-tiny"), task: TaskPlan(name: "induction", count: 4),
      method: try MethodChoice("eap"), selection: SelectionPlan(size: .edges(3)))
    try RunDirectory(path: directory.path).write(try plan.run().files())

    var evaluation = EvaluationPlan(source: directory.path)
    evaluation.measures = [
      EvaluationMeasure("depth", "how many layers a circuit reaches into") { source in
        { _ in Depth(layers: source.circuit.graph.layerCount) }
      }
    ]
    let source = try EvaluationSource(evaluation)
    let report = try source.evaluate()
    #expect(report.found(Depth.self)?.layers == 2)
    #expect(report.text(on: Page(rows: 1)).hasSuffix("\n\n2 layers deep"))
    #expect(report.files.keys.sorted() == ["depth.csv", "metrics.csv"])
    #expect(try source.json(report).contains("\"depth\" : 2,"))

    // What a measure lacks is an error where it was named, and no matter where it was not.
    let missing = EvaluationMeasure("missing", "nothing") { _ in throw ExperimentError("no luck") }
    evaluation.measures = [missing]
    #expect(throws: ExperimentError.self) { try EvaluationSource(evaluation).evaluate() }
  }
}
