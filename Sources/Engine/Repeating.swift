import Tensors

extension KeyValueCache {
  /// The cache of the same prompts several times, one after another.
  package func repeated(_ count: Int) -> KeyValueCache {
    KeyValueCache(
      layers: layers.map { Layer(key: $0.key.tiled(count), value: $0.value.tiled(count)) },
      counts: [[Int32]](repeating: counts, count: count).flatMap(\.self))
  }
}

extension AblatedStream {
  /// What ablated edges carry in the same prompts several times, one after another.
  package func repeated(_ count: Int) -> AblatedStream {
    AblatedStream(
      writes: writes.map { $0.tiled(count) },
      attentionReads: attentionReads.map { $0.tiled(count) },
      mlpReads: mlpReads.map { $0.tiled(count) }, finalRead: finalRead.tiled(count))
  }
}
