import Tensors

extension Tensor {
  /// The same rows several times, one after another.
  func repeated(_ count: Int) -> Tensor {
    let rows = Array(0..<Int32(rowCount))
    return gatherRows([[Int32]](repeating: rows, count: count).flatMap(\.self))
  }
}

extension KeyValueCache {
  /// The cache of the same prompts several times, one after another.
  package func repeated(_ count: Int) -> KeyValueCache {
    KeyValueCache(
      layers: layers.map { Layer(key: $0.key.repeated(count), value: $0.value.repeated(count)) },
      counts: [[Int32]](repeating: counts, count: count).flatMap(\.self))
  }
}

extension AblatedStream {
  /// What ablated edges carry in the same prompts several times, one after another.
  package func repeated(_ count: Int) -> AblatedStream {
    AblatedStream(
      writes: writes.map { $0.repeated(count) },
      attentionReads: attentionReads.map { $0.repeated(count) },
      mlpReads: mlpReads.map { $0.repeated(count) }, finalRead: finalRead.repeated(count))
  }
}
