public import Evaluation
public import Graphs

/// Everything that was measured of one circuit; parts that were not asked for are nil.
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
  /// Curves over sizes, with what edges rank by.
  public var curves: [(ranking: EdgeScores.Ranking, curve: FaithfulnessCurve)]?
  /// Random circuits of the same size and per-layer profile.
  public var random: RandomBaseline?
  /// Circuit and model after knockouts.
  public var completeness: Completeness?
  /// The effect of each edge.
  public var minimality: [Contribution]?
  /// How much the circuit depends on the prompts.
  public var stability: Stability?
  /// The circuit against a true one.
  public var overlap: CircuitOverlap?
  /// The scores against a true circuit, by edges and by nodes.
  public var recovery: [(level: RecoveryCurve.Level, curve: RecoveryCurve)]?
  /// The scores against other ones.
  public var agreement: ScoreAgreement?

  /// Starts a report that says what was run.
  public init(heading: [String], circuit: Circuit, metric: String) {
    self.heading = heading
    self.circuit = circuit
    self.metric = metric
  }

  /// The report for a terminal of 100 columns.
  ///
  /// - Parameter count: How many edges tables of edges show.
  /// - Returns: Tables and sentences, an empty line between them.
  public func text(edges count: Int) -> String {
    ([heading.joined(separator: "\n"), metricTable.text + Self.legend]
      + [
        caveatText, randomText, curveText, completenessText, minimalityText(count), stabilityText,
        truthText,
        agreementText,
      ].compactMap(\.self)).joined(separator: "\n\n")
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

  private var randomText: String? {
    random.map { random in
      """
      \(Numbers.count(random.circuits.count, "random circuit")) of this size and per-layer profile: \
      faithfulness \(Numbers.percent(random.values.mean)), from \
      \(Numbers.percent(random.values.quantile(0))) to \(Numbers.percent(random.values.quantile(1)))
      """
    }
  }

  private var curveText: String? {
    curves.map { curves in
      var text = curveTable(curves).text
      for (ranking, curve) in curves {
        let areas = { (area: (FaithfulnessCurve.Axis, FaithfulnessCurve.Scale) -> Double) in
          """
          \(Numbers.fixed(area(.nominal, .linear))) (realised sizes \
          \(Numbers.fixed(area(.realised, .linear))), log axis \
          \(Numbers.fixed(area(.nominal, .logarithmic))))
          """
        }
        let bootstrap = Bootstrap()
        text +=
          ranking == .signed
          ? "\nsigned: CPR \(areas(curve.area))" + interval(bootstrap.area(of: curve))
          : "\nmagnitude: CMD \(areas(curve.distance))" + interval(bootstrap.distance(of: curve))
      }
      return text
    }
  }

  /// How sure an area is.
  private func interval(_ drawn: Bootstrap.Distribution?) -> String {
    drawn?.interval.map {
      "\n  on resampled prompts, 95 %: \(Numbers.fixed($0.lowerBound)) to \(Numbers.fixed($0.upperBound))"
    } ?? ""
  }

  /// What the numbers do not say by themselves.
  public var caveats: [Caveat] { isAblated ? [] : Caveat.all(by: metric, of: metrics) }

  /// The caveats, a line each.
  private var caveatText: String? {
    let lines = caveats.map { "caution: \($0)" }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }

  private func curveTable(
    _ curves: [(ranking: EdgeScores.Ranking, curve: FaithfulnessCurve)]
  ) -> TextTable {
    var table = TextTable([
      "ranked by": .left, "edges": .right, "share": .right, "on paths": .right, metric: .right,
      "± s.e.": .right, "faithful": .right, "median": .right,
    ])
    for (ranking, curve) in curves {
      for point in curve.points {
        let found = point.faithfulness
        table.add(
          ranking.rawValue, Numbers.count(point.edgeCount), Numbers.percent(point.fraction),
          Numbers.count(point.prunedEdgeCount), Numbers.short(found.circuit.mean),
          found.circuit.standardError.map(Numbers.short) ?? "–",
          Numbers.percent(found.value), Numbers.percent(found.recovered.quantile(0.5)))
      }
    }
    return table
  }

  private var completenessText: String? {
    completeness.map { found in
      """
      without the circuit the model has \(metric) \
      \(Numbers.fixed(found.whole.model.mean)), \(Numbers.percent(found.withoutCircuit.value)) faithful
      \(Numbers.count(found.halves.count)) random halves of it knocked out of circuit and model: \
      they differ by \(Numbers.percent(found.incompleteness)) (0 when complete)
      """
    }
  }

  /// The contributions, the largest first; equal ones in canonical order.
  var contributions: [Contribution] {
    (minimality ?? []).enumerated().sorted { one, other in
      (abs(other.element.effect.mean), one.offset) < (abs(one.element.effect.mean), other.offset)
    }.map(\.element)
  }

  /// How many edges change the metric by less than a hundredth of `m(M) − m(∅)`.
  private var idleCount: Int? {
    metrics.first.map { first in
      let scale = abs(first.faithfulness.full.mean - first.faithfulness.empty.mean)
      return contributions.count { abs($0.effect.mean) < 0.01 * scale }
    }
  }

  private func minimalityText(_ count: Int) -> String? {
    guard minimality != nil else { return nil }
    var table = TextTable([
      "without": .left, "\(metric) falls by": .right, "± s.e.": .right,
    ])
    for found in contributions.prefix(count) {
      table.add(
        found.part, Numbers.signed(found.effect.mean),
        found.effect.standardError.map { Numbers.fixed($0, 4) } ?? "–")
    }
    let idle = idleCount.map { "\(Numbers.count($0)) of \(Numbers.count(contributions.count))" }
    return table.text
      + "\n\(idle ?? "0") change it by less than 1 % of what full and empty differ by"
  }

  private var stabilityText: String? {
    stability.map { found in
      """
      on prompts drawn again with replacement: Jaccard index of two circuits \
      \(Numbers.fixed(found.jaccard.mean)) (from \(Numbers.fixed(found.jaccard.quantile(0)))),
      rank correlation with the scores of all prompts \
      \(Numbers.fixed(found.rankCorrelation.mean)) (from \
      \(Numbers.fixed(found.rankCorrelation.quantile(0))))
      """
    }
  }

  private var truthText: String? {
    overlap.map { overlap in
      var table = TextTable([
        "truth": .left, "found": .right, "true": .right, "both": .right,
        "precision": .right, "recall": .right, "IoU": .right, "AUC staircase": .right,
        "trapezoids": .right,
      ])
      for (level, counts) in [
        (RecoveryCurve.Level.edges, overlap.edges), (.nodes, overlap.nodes),
      ] {
        let curve = recovery?.first { $0.level == level }?.curve
        table.add(
          level.rawValue, Numbers.count(counts.found), Numbers.count(counts.truth),
          Numbers.count(counts.both), Numbers.percent(counts.precision),
          Numbers.percent(counts.recall), Numbers.percent(counts.jaccard),
          Numbers.fixed(curve?.area(.pessimistic) ?? .nan),
          Numbers.fixed(curve?.area(.trapezoid) ?? .nan))
      }
      return table.text
    }
  }

  private var agreementText: String? {
    agreement.map { found in
      let overlaps = [10, 100, 1000].filter { $0 < circuit.graph.edgeCount }.map {
        "\(Numbers.percent(found.overlap(at: $0) ?? .nan)) of the best \(Numbers.count($0))"
      }
      return """
        against the other scores: rank correlation \(Numbers.fixed(found.spearman ?? .nan)),
        overlap \(overlaps.joined(separator: ", "))
        """
    }
  }
}
