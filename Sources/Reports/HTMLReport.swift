import Graphs

extension DiscoveryReport {
  /// A page that stands alone: what was run, what was measured, the circuit drawn, its edges.
  public var html: String {
    let pruned = circuit.pruned()
    let drawing = CircuitDrawing(pruned.edgeCount > 0 ? pruned : circuit, scores: scores)
    return """
      <!DOCTYPE html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(xml(heading.task)) in \(xml(heading.model))</title>
      <style>
      body { font: 15px/1.5 system-ui, sans-serif; color: #0f172a; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.4rem; margin-bottom: 0.2rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
      p { margin: 0.2rem 0; } .quiet { color: #475569; }
      table { border-collapse: collapse; margin: 0.6rem 0; font-variant-numeric: tabular-nums; }
      th, td { padding: 0.15rem 0.9rem 0.15rem 0; text-align: right; border-bottom: 1px solid #e2e8f0; }
      th:first-child, td:first-child, td.name, th.name { text-align: left; }
      figure { margin: 1rem 0; overflow-x: auto; } svg { width: 100%; border: 1px solid #e2e8f0; }
      .plus { color: #2563eb; } .minus { color: #dc2626; }
      </style>
      <h1>\(xml(heading.task))</h1>
      <p>\(xml(heading.model))</p>
      <p class="quiet">\(xml(heading.method))</p>
      <h2>What the circuit does</h2>
      \(measuresTable)
      <p class="quiet">faithfulness = (m(circuit) − m(empty)) / (m(full) − m(empty)) of the mean \
      \(xml(heading.metric)); measured on the prompts that the circuit was found on.\(accuracyText)</p>
      <h2>The circuit</h2>
      <p class="quiet">\(pruningLine); the others are not drawn. Read from bottom to top: <span class="plus">blue</span> edges support the behaviour, \
      <span class="minus">red</span> ones oppose it; a head's ports are query, key and value from \
      left to right. Point at an edge for its score.</p>
      <figure>
      \(drawing.svg)</figure>
      <h2>Its edges</h2>
      \(edgesTable)
      </html>

      """
  }

  private var accuracyText: String {
    accuracy.map { " The full model prefers the answer on \(Numbers.percent($0)) of the prompts." }
      ?? ""
  }

  private var measuresTable: String {
    let rows = measures.map { measure in
      """
      <tr><td>\(measure.name)</td><td>\(Numbers.count(measure.edges))</td>\
      <td>\(Numbers.fixed(measure.metric))</td><td>\(Numbers.percent(measure.faithfulness))</td></tr>
      """
    }
    return """
      <table><tr><th>run</th><th>edges</th><th>\(xml(heading.metric))</th><th>faithfulness</th></tr>
      \(rows.joined(separator: "\n"))
      </table>
      """
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
      <table><tr><th>rank</th><th class="name">edge</th><th>score</th></tr>
      \(rows.joined(separator: "\n"))
      </table>
      """
  }
}
