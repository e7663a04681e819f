/// The factors of some rows of weighted sums.
package struct SumPart: Sendable {
  /// The elements that the part covers.
  let range: Range<Int>
  /// The terms that have a part in these sums, ascending.
  let terms: [Int]
  /// Their factors, `[term, output]`.
  let factors: [Float]
}

extension Tensor {
  /// Several weighted sums of the same tensors: `base + Σ_t factors[t, output] · terms[t]`, where the factors
  /// may differ from rows to rows.
  ///
  /// - Parameters:
  ///   - base: What every sum starts with.
  ///   - terms: Tensors of `base`'s shape.
  ///   - parts: Ranges of rows that cover `base`, with factors `[term, output]` for each.
  ///   - count: How many outputs there are.
  /// - Returns: The sums, `[output]` and then `base`'s axes.
  package static func sums(
    base: Tensor, terms: [Tensor], parts: [(rows: Range<Int>, factors: [Float])], count: Int
  ) -> Tensor {
    precondition(
      parts.allSatisfy { $0.factors.count == terms.count * count }
        && parts.map(\.rows.count).reduce(0, +) == base.rowCount
        && terms.allSatisfy { $0.shape == base.shape },
      "\(terms.count) terms of \(terms.first?.shape ?? []), \(count) sums of \(base.shape)")
    let width = base.columnCount
    let parts = parts.map { part in
      let used = terms.indices.filter { term in
        part.factors[(term * count)..<((term + 1) * count)].contains { $0 != 0 }
      }
      return SumPart(
        range: (part.rows.lowerBound * width)..<(part.rows.upperBound * width), terms: used,
        factors: used.flatMap { part.factors[($0 * count)..<(($0 + 1) * count)] })
    }
    return base.making([count] + base.shape) {
      $0.weightedSums(
        $1, base: base.address, count: base.count, terms: terms.map(\.address), parts,
        outputs: count)
    }
  }
}
