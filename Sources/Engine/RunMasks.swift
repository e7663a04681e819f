package import Graphs

/// The masks of a run: one for each segment of its tokens.
///
/// A segment is a set of tokens: all of them, a prompt, one of several draws of a prompt, or some positions.
package struct RunMasks: Sendable, Equatable {
  /// The different masks, all over one graph.
  package let masks: [EdgeMask]
  /// Consecutive tokens that have one mask.
  struct Span: Sendable, Equatable {
    var tokens: Range<Int>
    let mask: Int
  }
  /// All tokens, in order.
  let spans: [Span]

  package var graph: ComputationGraph { masks[0].graph }

  /// One mask for all tokens.
  package init(_ mask: EdgeMask, tokenCount: Int) {
    masks = [mask]
    spans = [Span(tokens: 0..<tokenCount, mask: 0)]
  }

  /// A mask for each prompt of a batch.
  package init(_ masks: [EdgeMask], promptsOf batch: TokenBatch) {
    precondition(masks.count == batch.promptCount, "\(masks.count) masks of \(batch.promptCount)")
    self.masks = masks
    spans = zip(batch.starts, batch.starts.dropFirst()).enumerated().map { prompt, ends in
      Span(tokens: Int(ends.0)..<Int(ends.1), mask: prompt)
    }
  }

  /// A mask for each of several segments.
  ///
  /// - Parameters:
  ///   - masks: The masks, over one graph.
  ///   - segments: For each token of the run the place of its mask.
  package init(_ masks: [EdgeMask], segments: [Int]) {
    precondition(masks.allSatisfy { $0.graph == masks[0].graph }, "masks over several graphs")
    self.masks = masks
    spans = Self.spans(segments)
  }

  /// The masks of some consecutive tokens, as those of a run of these tokens.
  func piece(_ tokens: Range<Int>) -> RunMasks {
    let first = tokens.lowerBound
    return RunMasks(
      masks: masks,
      spans: spans.compactMap { span in
        let common = span.tokens.clamped(to: tokens)
        return common.isEmpty
          ? nil
          : Span(
            tokens: (common.lowerBound - first)..<(common.upperBound - first), mask: span.mask)
      })
  }

  private init(masks: [EdgeMask], spans: [Span]) {
    self.masks = masks
    self.spans = spans
  }

  private static func spans(_ segments: [Int]) -> [Span] {
    segments.enumerated().reduce(into: []) { spans, item in
      if let last = spans.indices.last, spans[last].mask == item.element {
        spans[last].tokens = spans[last].tokens.lowerBound..<(item.offset + 1)
      } else {
        spans.append(Span(tokens: item.offset..<(item.offset + 1), mask: item.element))
      }
    }
  }

  /// The spans of some tokens laid one after another.
  func spans(ofRows rows: [Int32]) -> [Span] {
    guard spans.count > 1 else { return [Span(tokens: 0..<rows.count, mask: spans[0].mask)] }
    return Self.spans(
      rows.map { row in spans.first { $0.tokens.contains(Int(row)) }?.mask ?? 0 })
  }

  /// Spans of the same tokens several times.
  static func repeated(_ spans: [Span], _ count: Int) -> [Span] {
    let length = spans.last?.tokens.upperBound ?? 0
    guard spans.count > 1 else {
      return [Span(tokens: 0..<(count * length), mask: spans[0].mask)]
    }
    return (0..<count).flatMap { copy in
      spans.map {
        Span(
          tokens: ($0.tokens.lowerBound + copy * length)..<($0.tokens.upperBound + copy * length),
          mask: $0.mask)
      }
    }
  }

  /// Whether a reader takes in a writer at any token, both as indices.
  func takes(_ reader: Int, _ writer: Int) -> Bool {
    masks.contains { $0[writer: writer, reader: reader] != 0 }
  }

  /// A reader's masks one after another, each with a number for each writer that the reader sees.
  func column(_ reader: Int) -> [Float] { masks.flatMap { $0[column: reader] } }

  /// Whether all edges into a layer's readers are intact at all tokens.
  package func isIntact(inLayer layer: Int) -> Bool {
    masks.allSatisfy { $0.isIntact(inLayer: layer) }
  }

  /// The masks that some token has in two runs, in this one and in the other.
  func pairs(with other: RunMasks) -> [(EdgeMask, EdgeMask)] {
    var pairs: [[Int]] = []
    var known: Set<[Int]> = []
    var place = 0
    for span in spans {
      while place < other.spans.count, other.spans[place].tokens.lowerBound < span.tokens.upperBound
      {
        let pair = [span.mask, other.spans[place].mask]
        if known.insert(pair).inserted { pairs.append(pair) }
        guard other.spans[place].tokens.upperBound <= span.tokens.upperBound else { break }
        place += 1
      }
    }
    return pairs.map { (masks[$0[0]], other.masks[$0[1]]) }
  }
}
