/// How the heads of a layer depend on each other beside edges: through norms that they share.
///
/// Such a head changes what the others write even when its own write reaches nothing.
public enum HeadCoupling: String, Hashable, Sendable, Codable {
  /// A head depends on its own readers alone.
  case none
  /// A norm of what all heads write together: each head's write depends on the readers of all of them.
  case writes
  /// A norm of the queries of all heads, and one of their keys: each depends on all readers of its projection, and
  /// each head's write on the readers of all heads.
  case inputs
}

extension ComputationGraph {
  /// All readers, ascending, those together whose values change together.
  var readerGroups: [Range<Int>] {
    guard headCoupling == .inputs else { return (0..<readerCount).map { $0..<($0 + 1) } }
    return (0..<layerCount).flatMap { layer in
      let together = [Reader.Projection.query, .key].map { headReaders(layer: layer, $0) }
      let alone = headReaders(layer: layer, .value).lowerBound..<readers(ofLayer: layer).upperBound
      return together + alone.map { $0..<($0 + 1) }
    } + [logitsReader..<readerCount]
  }

  /// The writers whose write depends on what a reader reads, through shared norms too: none for `logits`.
  func coupledWriters(behindReader index: Int) -> Range<Int> {
    let own = writerIndices(behindReader: index)
    guard headCoupling != .none, case .head(let layer, _, _) = reader(at: index) else { return own }
    return headWriters(layer: layer)
  }
}
