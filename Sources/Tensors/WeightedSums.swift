extension Tensor {
  /// Several weighted sums of the same tensors: `base + Σ_t factors[t, output] · terms[t]`.
  ///
  /// The terms lie anywhere in memory. Pieces of all of them are brought together, a piece of every
  /// output is one product, and the pieces are shared among threads.
  ///
  /// - Parameters:
  ///   - base: What every sum starts with.
  ///   - terms: Tensors of `base`'s shape.
  ///   - factors: `[term, output]`.
  ///   - count: How many outputs there are.
  /// - Returns: The sums, `[output]` and then `base`'s axes.
  package static func sums(
    base: Tensor, terms: [Tensor], factors: [Float], count: Int
  ) -> Tensor {
    precondition(
      factors.count == terms.count * count && terms.allSatisfy { $0.shape == base.shape },
      "\(terms.count) terms of \(terms.first?.shape ?? []), \(factors.count) factors, \(count) sums"
    )
    let weights = Tensor(factors, shape: [terms.count, count]).matrix.transposed
    let length = base.count
    return unsafe Tensor(shape: [count] + base.shape) { out in
      nonisolated(unsafe) let out = unsafe out
      parallelFor((length + pieceLength - 1) / pieceLength) { piece in
        let range = (piece * pieceLength)..<min((piece + 1) * pieceLength, length)
        for output in 0..<count {
          unsafe (out + output * length).update(from: base.elements, range)
        }
        guard !terms.isEmpty else { return }
        let packed = unsafe Tensor(shape: [terms.count, range.count]) { pack in
          for (index, term) in terms.enumerated() {
            unsafe (pack + index * range.count - range.lowerBound).update(
              from: term.elements, range)
          }
        }
        unsafe sgemm(
          weights, rows: 0..<count, packed.matrix, columns: 0..<range.count,
          into: out + range.lowerBound, stride: length, adding: true)
      }
    }
  }
}

/// Elements of a term that are brought together: those of many terms fit into a core's own cache.
private let pieceLength = 1024

extension UnsafeMutablePointer<Float> {
  /// Copies a range of an array to the same places here.
  fileprivate func update(from elements: [Float], _ range: Range<Int>) {
    unsafe elements.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      unsafe (self + range.lowerBound).update(from: base + range.lowerBound, count: range.count)
    }
  }
}
