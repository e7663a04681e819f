import Evaluation
import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif
import Graphs
import Reports
import TestSupport
import Testing

@Suite struct ReportTests {
  private func report(_ scores: EdgeScores, edges: Int) -> DiscoveryReport {
    DiscoveryReport(
      heading: DiscoveryReport.Heading(
        model: "tiny & <small>", task: "ioi", method: "eap", metric: "kl"),
      scores: scores, circuit: scores.circuit(edgeCount: edges), ranking: .magnitude,
      measured: DiscoveryReport.Measured(
        prompts: "ioi", isHeldOut: true, size: nil,
        metrics: [
          (
            "kl",
            Faithfulness(
              full: PromptValues([4, 2]), empty: PromptValues([1, 1]),
              circuit: PromptValues([2, 3]))
          )
        ]), accuracy: 0.5)
  }

  private let scores: EdgeScores = {
    let graph = ComputationGraph(layerCount: 2, headCount: 2, keyValueReaderCount: 1, dModel: 4)
    let count = graph.writerCount * graph.readerCount
    return EdgeScores((0..<count).map { Float($0 % 11) - 5 }, graph: graph)
  }()

  @Test func `a table lines its columns up`() {
    var table = TextTable(["name": .left, "n": .right])
    table.add("a", "1,000")
    table.add("long", "7")
    #expect(table.text == "name      n\na     1,000\nlong      7")
  }

  @Test func `numbers are written the same everywhere`() {
    #expect(
      [0, 7, 999, 1000, 162_801, -12_345].map(Numbers.count) == [
        "0", "7", "999", "1,000", "162,801", "-12,345",
      ])
    #expect(Numbers.fixed(3.14159) == "3.142" && Numbers.signed(0.5, 1) == "+0.5")
    #expect(Numbers.percent(0.834) == "83.4 %" && Numbers.percent(.nan) == "–")
    #expect(Numbers.percent(-251.0999) == "-25110 %" && Numbers.percent(21113.3) == "2e+06 %")
    #expect(Numbers.fixed(.nan) == "–" && Numbers.signed(-.nan) == "–")
    #expect([3.14159, -1234.56, 1.2e6].map(Numbers.short) == ["3.142", "-1234.6", "1.2e+06"])
  }

  @Test func `measures are the means and their ratio`() {
    let report = report(scores, edges: 5)
    #expect(report.faithfulness.value == 0.75)
    #expect(
      report.curve
        == "edges,kl,faithfulness\n0,1.0,0.0\n5,2.5,0.75\n\(report.scores.graph.edgeCount),3.0,1.0\n"
    )
    #expect(report.topEdges(3).text.split(separator: "\n").count == 4)
  }

  @Test func `the page escapes names and holds the drawing`() {
    let html = report(scores, edges: 40).html
    #expect(html.contains("tiny &amp; &lt;small&gt;") && !html.contains("<small>"))
    #expect(html.contains("<svg") && html.contains("75.0 %"))
    #expect(html.contains("a0.h0&lt;q&gt;"))
    // The page follows its reader to dark, and lets what is wide scroll.
    #expect(html.contains("prefers-color-scheme: dark") && html.contains("overflow-x: auto"))
    #expect(html.contains("max-width: none") && !html.contains("svg { width: 100%"))
  }

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
    report.curves = [
      (
        .magnitude,
        FaithfulnessCurve(
          points: [huge, none].map {
            FaithfulnessCurve.Point(
              fraction: 1, edgeCount: 1_592_881, prunedEdgeCount: 1_592_881, faithfulness: $0)
          }, totalEdgeCount: 1_592_881)
      )
    ]
    report.minimality = [Contribution(part: "a31.h31->a31.h31<q>", effect: huge.circuit)]
    report.overlap = CircuitOverlap(of: circuit, with: circuit)
    report.recovery = [(.edges, RecoveryCurve(points: []))]
    for line in report.text(edges: 5).split(separator: "\n") {
      #expect(line.count <= 100, "\(line.count): \(line)")
    }
  }

  @Test func `an evaluation shows what was measured and nothing else`() {
    let circuit = scores.circuit(edgeCount: 3)
    let found = Faithfulness(
      full: PromptValues([4, 2]), empty: PromptValues([1, 1]), circuit: PromptValues([2, 3]))
    var report = EvaluationReport(heading: ["model", "task"], circuit: circuit, metric: "kl")
    report.metrics = [("kl", found)]
    #expect(report.text(edges: 5).hasPrefix("model\ntask\n\nmetric"))
    #expect(report.text(edges: 5).contains("75.0 %"))
    #expect(!report.text(edges: 5).contains("CPR"))
    #expect(report.files.keys.sorted() == ["metrics.csv"])
    #expect(report.files["metrics.csv"]?.contains("kl,3.0,2.5,0.5,1.0,0.75,") ?? false)

    let point = FaithfulnessCurve.Point(
      fraction: 0.5, edgeCount: 3, prunedEdgeCount: 2, faithfulness: found)
    let curve = FaithfulnessCurve(points: [point, point], totalEdgeCount: 6)
    report.curves = [(.signed, curve), (.magnitude, curve)]
    report.random = RandomBaseline(circuits: [found, found])
    report.minimality = circuit.edges.enumerated().map { index, edge in
      Contribution(part: "\(edge)", effect: PromptValues([Double(index), Double(index)]))
    }
    report.recovery = [(.edges, RecoveryCurve(of: scores, truth: circuit))]
    report.overlap = CircuitOverlap(of: circuit, with: circuit)
    report.agreement = ScoreAgreement(scores, scores, by: .magnitude)
    #expect(
      report.files.keys.sorted() == [
        "curve.csv", "curve.pdf", "curve.svg", "metrics.csv", "minimality.csv", "roc.csv",
        "roc.pdf", "roc.svg",
      ])
    let text = report.text(edges: 2)
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
}
