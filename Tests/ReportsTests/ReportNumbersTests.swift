import Evaluation
import Foundation
import Graphs
import Reports
import Tasks
import TestSupport
import Testing

/// Every number of a report is the one that it says.
@Suite struct ReportNumbersTests {
  private let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)

  private func found(_ value: Double) -> Faithfulness {
    Faithfulness(
      full: PromptValues([2]), empty: PromptValues([0]), circuit: PromptValues([2 * value]))
  }

  @Test func `numbers at the ends of a notation`() {
    #expect(Numbers.fixed(-0.0004) == "0.000" && Numbers.fixed(-0.0006) == "-0.001")
    #expect(Numbers.signed(0) == "+0.0000" && Numbers.signed(-0.00002) == "-2.0e-05")
    #expect(Numbers.signed(0.00002) == "+2.0e-05" && Numbers.percent(-1e-9) == "0.0 %")
    #expect(
      [999.9, 1000, -1000, 99_999.9, 100_000].map(Numbers.short) == [
        "999.900", "1000.0", "-1000.0", "99999.9", "1.0e+05",
      ])
    #expect(
      [9.9, 10, 999, 1000].map(Numbers.percent) == [
        "990.0 %", "1000 %", "99900 %", "1e+05 %",
      ])
    #expect(
      [0, 50, -0.0625, 1e6, 45.254834, 9999.9999999, .infinity].map(Numbers.plain) == [
        "0", "50", "-0.0625", "1,000,000", "45.2548", "10,000", "INF",
      ])
    #expect(Numbers.count(1, "edge") == "1 edge" && Numbers.count(0, "edge") == "0 edges")
  }

  @Test func `edges off every path and of either sign are marked`() throws {
    let scores = EdgeScores(
      ["input->a0.h0<q>": 4, "input->m0": 3, "m0->logits": -1.5], graph: graph)
    let report = DiscoveryReport(
      heading: DiscoveryReport.Heading(model: "m", task: "t", method: "eap", metric: "kl"),
      scores: scores, circuit: scores.circuit(edgeCount: 3), ranking: .magnitude,
      measured: DiscoveryReport.Measured(
        prompts: "t", isHeldOut: false, size: nil, metrics: [("kl", found(0.5))]), accuracy: nil)
    let lines = report.topEdges(3).text.split(separator: "\n")
    #expect(lines.map { $0.hasSuffix("off every path") } == [false, true, false, false])
    #expect(
      report.pruningLine
        == "2 of 3 edges lie on a path from input to logits, through 1 head or MLP")
    #expect(
      report.html.contains("head or MLP; they are drawn") && report.drawing.drawnEdgeCount == 2)
    #expect(report.html.contains("<td class=\"minus\">-1.5000</td>"))
    #expect(report.html.contains("<td class=\"plus\">+3.0000</td>"))
    #expect(report.html.components(separatedBy: "off every path</span>").count == 2)
  }

  @Test func `a report says how many of many edges are drawn`() {
    let graph = ComputationGraph(layerCount: 4, headCount: 4, dModel: 4)
    let count = graph.writerCount * graph.readerCount
    let scores = EdgeScores((0..<count).map { Float($0 + 1) }, graph: graph)
    let report = DiscoveryReport(
      heading: DiscoveryReport.Heading(model: "m", task: "t", method: "eap", metric: "kl"),
      scores: scores, circuit: scores.circuit(edgeCount: graph.edgeCount), ranking: .magnitude,
      measured: DiscoveryReport.Measured(
        prompts: "t", isHeldOut: false, size: nil, metrics: [("kl", found(0.5))]), accuracy: nil)
    #expect(report.drawing.leftOutEdgeCount > 0)
    #expect(
      report.html.contains("the \(report.drawing.drawnEdgeCount) strongest of them are drawn"))
  }

  /// What is left when a circuit is ablated is no circuit that keeps anything.
  @Test func `cautions are of circuits that run`() {
    let circuit = EdgeScores(["input->m0": 1], graph: graph).circuit(edgeCount: 1)
    var report = EvaluationReport(heading: [], circuit: circuit, metric: "logit-difference")
    report.metrics = [("logit-difference", found(0.9)), ("kl", found(-0.5))]
    #expect(
      report.text(on: Page(rows: 1)).contains("caution: The circuit keeps 90 % of logit-difference")
    )
    report.isAblated = true
    #expect(!report.text(on: Page(rows: 1)).contains("caution"))
  }

  @Test(arguments: [
    (0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (99.4, "99 s"), (100, "2 min"),
    (3500, "58 min"), (3600, "1:00 h"), (7500, "2:05 h"), (90_000, "1.0 days"),
    (4e8, "more than a year"),
  ]) func `durations`(seconds: Double, text: String) {
    #expect(Numbers.duration(seconds) == text)
  }

  /// EAP has areas of 0.99 and 0.51 and takes 2 s, ACDC what is missing and 5 s; SP says nothing.
  @Test func `a comparison's means, counts and times`() throws {
    let curve = { (height: Double) in
      RecoveryCurve(points: [
        RecoveryCurve.Point(falsePositiveRate: 0, truePositiveRate: height)
      ])
    }
    let outcome = { (method: String, height: Double?, seconds: Double) in
      Comparison.Outcome(
        method: method, settings: method, passes: (forward: 2, backward: 1.5), seconds: seconds,
        found: height.map { .recovery(edges: curve($0), nodes: curve(0.25)) })
    }
    let tasks = [0.99, 0.51].enumerated().map { index, height in
      Comparison.Task(
        name: "t\(index)", description: "task \(index)",
        outcomes: [
          outcome("eap", height, 2), outcome("acdc", 1 - height, 5), outcome("sp", nil, 0),
        ])
    }
    let cells = { (text: String, method: String) in
      text.split(separator: "\n").first { $0.hasPrefix(method + " ") }?
        .split(separator: " ").map(String.init) ?? []
    }
    #expect(
      cells(tasks[0].text(), "eap") == [
        "eap", "0.990", "0.995", "0.250", "0.625", "2", "1.5", "2.0", "s",
      ])
    #expect(cells(tasks[0].text(), "acdc").suffix(2) == ["5.0", "s"])
    #expect(cells(tasks[0].text(), "sp").dropFirst().allSatisfy { $0 == "–" })
    let summary = Comparison(tasks: tasks).summary()
    #expect(
      cells(summary, "eap") == [
        "eap", "0.750", "0.875", "0.250", "0.625", "2", "0.510", "1",
      ], "\(summary)")
    #expect(cells(summary, "acdc").suffix(2) == ["0.010", "0"])
  }

  /// One edge alone does nothing; its two nodes have all edges that matter.
  @Test func `robustness is the way from the lowest to the highest`() throws {
    let robustness = InterventionRuns(
      model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task()
    ).robustness(
      of: ThreeEdgeModel.circuit("m0->logits"),
      under: Robustness.schemes(ablations: [.resample], positions: [.all]),
      by: [try ThreeEdgeModel.task().metric])
    #expect(robustness.conclusion == "logit-difference 100.0")
    let lines = robustness.table.text.split(separator: "\n")
    #expect(
      lines.suffix(3).map {
        $0.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
      }
        == [["lowest", "0.0 %"], ["median", "50.0 %"], ["highest", "100.0 %"]])
    #expect(robustness.csvText.contains("edges,resample,all,logit-difference,4.5,"))
  }
}
