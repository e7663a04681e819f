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
}
