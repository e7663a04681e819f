/// Sums in Float64, of terms in Float32, on the device of the terms.
package struct Sums: Sendable {
  private var storage: Storage
  /// Where the sums lie.
  package var device: Device { storage.device }
  /// How many sums there are.
  package var count: Int { storage.count }

  /// Starts with zeros.
  package init(count: Int) {
    storage = Storage(.cpu, .f64, count: count)
    storage.device.backend.clear(Address(storage), count: count)
  }

  /// Goes on from sums that were fetched.
  package init(_ values: [Double]) { self.init(values, on: .cpu) }

  private init(_ values: [Double], on device: Device) {
    storage = Storage(device, .f64, count: values.count)
    unsafe values.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe storage.device.backend.upload(
        base, to: storage.base, byteCount: buffer.count)
    }
  }

  /// Adds a tensor's elements, in order, to the sums from `offset` on.
  package mutating func add(_ terms: Tensor, at offset: Int = 0) {
    precondition(offset + terms.count <= count, "\(terms.count) terms into \(count - offset) sums")
    if device != terms.device || !isKnownUniquelyReferenced(&storage) {
      self = Sums(values(), on: terms.device)
    }
    terms.backend.accumulate(terms.address, into: Address(storage) + offset, count: terms.count)
  }

  /// All sums, fetched from where they lie.
  package func values() -> [Double] {
    unsafe [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress {
        unsafe storage.device.backend.download(storage.base, to: base, byteCount: 8 * count)
      }
      initialized = count
    }
  }
}

/// Kept as the numbers themselves.
extension Sums: Codable {
  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode([Double].self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(values())
  }
}
