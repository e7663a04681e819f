import Evaluation
import Foundation
import Graphs

extension DiscoveryReport {
  /// A page that stands alone, on light or dark: what was run and measured, the circuit drawn, its edges.
  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(xml(heading.task)) in \(xml(heading.model))</title>
    <style>
    :root { color-scheme: light dark; --paper: #ffffff; --text: #0f172a; --quiet: #475569; --line: #e2e8f0; --plus: #2563eb; --minus: #dc2626; }
    @media (prefers-color-scheme: dark) {
      :root { --paper: #0f172a; --text: #f1f5f9; --quiet: #b6c2d2; --line: #2a3a52; --plus: #60a5fa; --minus: #f87171; }
    }
    body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--paper); max-width: 64rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
    h1 { font-size: 1.4rem; margin-bottom: 0.2rem; } h2 { font-size: 1.1rem; margin-top: 2rem; } h3 { font-size: 1rem; margin-bottom: 0; }
    p { margin: 0.2rem 0; } .quiet { color: var(--quiet); }
    table { border-collapse: collapse; margin: 0.6rem 0; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
    th, td { padding: 0.15rem 0.9rem 0.15rem 0; text-align: right; border-bottom: 1px solid var(--line); }
    td:not(:first-child) { white-space: nowrap; }
    th:first-child, td:first-child, td.name, th.name { text-align: left; }
    /* Where there is no room, drawings and tables scroll instead of shrinking. */
    figure, .wide { margin: 1rem 0; overflow-x: auto; } svg { display: block; max-width: none; }
    .plus { color: var(--plus); } .minus { color: var(--minus); }
    </style>
    <h1>\(xml(heading.task))</h1>
    <p>\(xml(heading.model))</p>
    <p class="quiet">\(xml(heading.method))</p>
    <h2>What the circuit does</h2>
    \(measuresTable)
    <p class="quiet">faithfulness = (m(circuit) − m(empty)) / (m(full) − m(empty)) of the mean \
    \(xml(heading.metric)), ± its standard error over prompts.\(accuracyText)</p>
    <p class="quiet">\(xml(measuredLine).replacingOccurrences(of: "\n", with: "<br>"))\
    \(integralLine.map { "<br>" + xml($0) } ?? "")</p>
    \(metricsTable)
    <h2>The circuit</h2>
    <p class="quiet">\(pruningLine); \(drawnText). Read from bottom to top: <span class="plus">blue</span> edges support the behaviour, \
    <span class="minus">red</span> ones oppose it; a head's ports are query, key and value from \
    left to right. Point at an edge for its score.</p>
    <figure>
    \(drawing.svg)</figure>
    \(nodesPart)<h2>Its edges</h2>
    \(edgesTable)
    \(prompts.map { $0.html + "\n" } ?? "")\(spansPart)</html>

    """
  }

  /// The edges on paths from input to logits, drawn; all edges where there is no such path.
  public var drawing: CircuitDrawing {
    let pruned = circuit.pruned()
    return CircuitDrawing(
      pruned.edgeCount > 0 ? pruned : circuit, scores: scores,
      title: "\(heading.task) in \(heading.model)",
      caption: "\(heading.method)\n\(pruningLine)")
  }

  /// Which of the circuit's edges are drawn: those on paths, or all where there is none, and the strongest of many.
  private var drawnText: String {
    let (drawing, onPaths) = (drawing, circuit.pruned().edgeCount)
    let which =
      drawing.leftOutEdgeCount > 0
      ? "the \(Numbers.count(drawing.drawnEdgeCount)) strongest of them are drawn"
      : "they are drawn"
    return onPaths > 0 ? which : "none does, so \(which.replacing("they", with: "all"))"
  }

  private var accuracyText: String {
    accuracy.map {
      " The full model prefers the answer on \(Numbers.percent($0)) of the prompts that edges were scored on."
    } ?? ""
  }

  private var measuresTable: String {
    let rows = measures.map { measure in
      """
      <tr><td>\(measure.name)</td><td>\(Numbers.count(measure.edges))</td>\
      <td>\(Numbers.fixed(measure.metric))</td><td>\(Numbers.percent(measure.faithfulness))\
      \(measure.name == "circuit" ? error : "")</td></tr>
      """
    }
    return """
      <div class="wide"><table><tr><th>run</th><th>edges</th><th>\(xml(heading.metric))</th><th>faithfulness</th></tr>
      \(rows.joined(separator: "\n"))
      </table></div>
      """
  }

  private var error: String {
    faithfulness.standardError.map { " ± \(Numbers.percent($0))" } ?? ""
  }

  /// The circuit by every other metric, and what its numbers do not say by themselves.
  private var metricsTable: String {
    let rows = measured.metrics.dropFirst().map { name, found in
      let cells = [found.full, found.circuit, found.empty].map { Numbers.short($0.mean) }
      return """
        <tr><td>\(name)</td>\(cells.map { "<td>\($0)</td>" }.joined())\
        <td>\(Numbers.percent(found.value))</td></tr>
        """
    }
    let caveats = measured.caveats.map { "<p><b>Caution.</b> \(xml($0.description))</p>" }
    guard !rows.isEmpty else { return caveats.joined(separator: "\n") }
    return """
      <div class="wide"><table><tr><th>metric</th><th>full</th><th>circuit</th><th>empty</th><th>faithful</th></tr>
      \(rows.joined(separator: "\n"))
      </table></div>
      \(caveats.joined(separator: "\n"))
      """
  }

  private var spansPart: String {
    guard let spans else { return "" }
    let drawing = spans.drawing(
      title: "\(heading.task) in \(heading.model), at spans of its prompts", caption: heading.method
    )
    return spans.html(drawing.figure.svg) + "\n"
  }

  private var nodesPart: String {
    nodeTable.nodes.isEmpty ? "" : "<h2>Its heads and MLPs</h2>\n\(nodeTable.html)\n"
  }

  private var edgesTable: String {
    let pruned = circuit.pruned()
    let rows = scores.top(of: circuit, by: ranking).enumerated().map { index, top in
      """
      <tr><td>\(index + 1)</td><td class="name">\(xml("\(top.edge)"))\
      \(pruned.contains(top.edge) ? "" : "<span class=\"quiet\"> off every path</span>")</td>\
      <td class="\(top.score < 0 ? "minus" : "plus")">\(Numbers.signed(Double(top.score)))</td></tr>
      """
    }
    return """
      <div class="wide"><table><tr><th>rank</th><th class="name">edge</th><th>score</th></tr>
      \(rows.joined(separator: "\n"))
      </table></div>
      """
  }
}
