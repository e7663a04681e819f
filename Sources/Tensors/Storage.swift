internal import Foundation

/// Memory of one device that holds numbers in one format: owned, or lent by a mapped file.
///
/// Several tensors may be windows of one storage. Whoever holds it alone may write to it; ``Tensor`` and
/// ``Sums`` see to that.
@safe final class Storage: Sendable {
  let device: Device
  let format: ElementFormat
  /// How many elements there are.
  let count: Int
  /// The first byte; for a device with memory of its own an address over there.
  nonisolated(unsafe) let base: UnsafeMutableRawPointer
  /// What the bytes are borrowed from; nil when they are the storage's own.
  private let lender: Data?

  /// Takes memory whose numbers are not set yet.
  init(_ device: Device, _ format: ElementFormat, count: Int) {
    self.device = device
    self.format = format
    self.count = count
    lender = nil
    unsafe base = device.backend.allocate(byteCount: Self.byteCount(format, count))
  }

  /// Borrows a file's bytes, or copies them where a kernel could not read them in place.
  init(lentBy bytes: Data, _ format: ElementFormat, count: Int) {
    precondition(
      bytes.count == format.byteCount(of: count), "\(bytes.count) bytes for \(count) of \(format)")
    device = .cpu
    self.format = format
    self.count = count
    // Bytes of a large Data stay where they are for as long as it lives; those of a tiny one are part of it.
    let place = unsafe bytes.withUnsafeBytes { buffer in
      buffer.count > 64 && Int(bitPattern: buffer.baseAddress) % format.alignment == 0
        ? buffer.baseAddress : nil
    }
    if let place = unsafe place {
      lender = bytes
      unsafe base = UnsafeMutableRawPointer(mutating: place)
    } else {
      lender = nil
      unsafe base = device.backend.allocate(byteCount: bytes.count)
      unsafe bytes.withUnsafeBytes { buffer in
        guard let source = buffer.baseAddress else { return }
        unsafe device.backend.upload(source, to: base, byteCount: buffer.count)
      }
    }
  }

  deinit {
    if lender == nil { unsafe device.backend.deallocate(base) }
  }

  /// The same bytes in memory of their own on a device.
  func copied(to target: Device) -> Storage {
    let copy = Storage(target, format, count: count)
    let byteCount = Self.byteCount(format, count)
    switch (device, target) {
    case (.cpu, _): unsafe target.backend.upload(base, to: copy.base, byteCount: byteCount)
    case (_, .cpu): unsafe device.backend.download(base, to: copy.base, byteCount: byteCount)
    default: return copied(to: .cpu).copied(to: target)
    }
    return copy
  }

  /// Whether the bytes belong to a file and must not be written to.
  var isLent: Bool { lender != nil }

  private static func byteCount(_ format: ElementFormat, _ count: Int) -> Int {
    guard let bytes = format.byteCount(of: count) else {
      preconditionFailure("\(count) elements are no whole blocks of \(format)")
    }
    return bytes
  }
}

/// A place in a storage, which it keeps alive: what kernels are handed, together with a count.
struct Address: Sendable {
  let storage: Storage
  /// Elements before the place.
  private(set) var offset: Int

  init(_ storage: Storage, offset: Int = 0) {
    self.storage = storage
    self.offset = offset
  }

  /// The place so many elements further on.
  static func + (address: Address, count: Int) -> Address {
    var moved = address
    moved.offset += count
    return moved
  }
}
