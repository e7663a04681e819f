import HeapModule

/// A row of tokens of which neighbours merge: the pair that was learned first merges first, the leftmost of equals.
///
/// Tokens that are gone are stepped over by links to the neighbours that are left, and pairs wait in a heap. A pair
/// whose tokens have changed since is passed over.
struct MergingPieces {
  /// Two neighbours that can merge.
  private struct Candidate: Comparable {
    let rank: Int
    let place: Int
    let left: Int32
    let right: Int32
    let merged: Int32

    static func < (one: Candidate, other: Candidate) -> Bool {
      (one.rank, one.place) < (other.rank, other.place)
    }
  }

  /// Nil where a token has gone into the one before it.
  private var tokens: [Int32?]
  private var previous: [Int]
  private var next: [Int]
  private var waiting = Heap<Candidate>()

  init(_ tokens: [Int32]) {
    self.tokens = tokens
    previous = tokens.indices.map { $0 - 1 }
    next = tokens.indices.map { $0 + 1 }
  }

  /// Merges as long as neighbours can.
  ///
  /// - Parameter merge: The rank of a pair and the token that it becomes; nil for pairs that stay apart.
  /// - Returns: The tokens that are left.
  /// - Complexity: O(n log n) in the number of tokens.
  mutating func merged(
    by merge: (_ left: Int32, _ right: Int32) -> (rank: Int, merged: Int32)?
  ) -> [Int32] {
    for place in tokens.indices.dropLast() { consider(place, merge) }
    while let best = waiting.popMin() {
      let right = next[best.place]
      guard tokens[best.place] == best.left, right < tokens.count, tokens[right] == best.right
      else {
        continue
      }
      (tokens[best.place], tokens[right]) = (best.merged, nil)
      next[best.place] = next[right]
      if next[right] < tokens.count { previous[next[right]] = best.place }
      consider(previous[best.place], merge)
      consider(best.place, merge)
    }
    return tokens.compactMap(\.self)
  }

  /// Has the pair that starts at a place wait, if it is one that merges.
  private mutating func consider(
    _ place: Int, _ merge: (_ left: Int32, _ right: Int32) -> (rank: Int, merged: Int32)?
  ) {
    guard place >= 0, next[place] < tokens.count, let left = tokens[place],
      let right = tokens[next[place]], let found = merge(left, right)
    else { return }
    waiting.insert(
      Candidate(
        rank: found.rank, place: place, left: left, right: right, merged: found.merged))
  }
}
