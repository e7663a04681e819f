extension PatchStrategy {
  /// Those that nobody can tell yet, far from each other; what is told with confidence labels itself.
  ///
  /// As in weakly supervised on-line detection (arXiv 2012.14345): edges that the classifier is sure of, with a chance of
  /// less than 5 % or more than 95 %, are taken as labelled so with a tenth of an example's weight, and it is fitted again.
  /// Of the open edges whose chance is nearest to one half, four times as many as are chosen, the next is always the one
  /// farthest from all that were patched or chosen. Chances are those of ``cnml``, so that what is unlike all patched edges
  /// is uncertain and labels nothing.
  public static let diverse = PatchStrategy(
    "diverse", "those that are most uncertain, far from each other"
  ) { count, known in
    let rows = known.features
    let first = LogisticFit(known.examples, width: rows.width)
    let sure = known.open.compactMap { edge -> LogisticFit.Example? in
      let chance = first.normalizedLikelihood(rows.row(edge))
      guard chance < 0.05 || chance > 0.95 else { return nil }
      return LogisticFit.Example(row: rows.row(edge), label: chance > 0.5 ? 1 : 0, weight: 0.1)
    }
    let fit = LogisticFit(known.examples + sure, width: rows.width)
    let doubt = { (edge: Int) -> Double in
      let chance = fit.normalizedLikelihood(rows.row(edge))
      return chance * (1 - chance)
    }
    var candidates = known.best(4 * count, by: doubt)
    var doubts = candidates.map { doubt($0) * doubt($0) }
    let patched = known.patched
    var distances = candidates.map { candidate in
      patched.reduce(Double.infinity) { min($0, rows.distance($1, candidate)) }
    }
    return (0..<count).map { _ in
      let best = distances.indices.dropFirst().reduce(0) {
        distances[$1] * doubts[$1] > distances[$0] * doubts[$0] ? $1 : $0
      }
      let chosen = candidates.remove(at: best)
      doubts.remove(at: best)
      distances.remove(at: best)
      for (place, candidate) in candidates.enumerated() {
        distances[place] = min(distances[place], rows.distance(candidate, chosen))
      }
      return chosen
    }
  }
}
