/// Where small arrays pass on their way to a card: a ring of memory that the card reads by itself, and its twin there.
///
/// The arrays of a launch lie one after another: ``makeRoom(for:_:_:)`` is asked first, and waits for the work so far
/// where the ring goes round.
@safe struct CUDAStaging: Sendable {
  private nonisolated(unsafe) let host: UnsafeMutableRawPointer
  private nonisolated(unsafe) let card: UnsafeMutableRawPointer
  private var place = 0

  /// The bytes of the ring.
  static let byteCount = 32 << 20

  init(_ driver: CUDADriver, stream: UnsafeMutableRawPointer?) throws {
    var memory: UnsafeMutableRawPointer?
    try driver.require(
      unsafe driver.allocateHost(&memory, Self.byteCount, 0), "Making memory that the card reads")
    guard let memory = unsafe memory else { throw CUDAError("The driver gave no memory.") }
    unsafe host = memory
    unsafe card = try driver.memory(byteCount: Self.byteCount, on: stream)
  }

  /// The bytes that an array takes.
  static func room(for byteCount: Int) -> Int { (byteCount + 255) / 256 * 256 }

  /// Makes sure that so many bytes can be sent before the ring goes round.
  ///
  /// - Returns: 0, or the number of a fault.
  mutating func makeRoom(
    for byteCount: Int, _ driver: CUDADriver, _ stream: UnsafeMutableRawPointer?
  ) -> Int32 {
    precondition(byteCount <= Self.byteCount, "\(byteCount) bytes through the ring")
    guard place + byteCount > Self.byteCount else { return 0 }
    place = 0
    return unsafe driver.synchronize(stream)
  }

  /// Sends bytes that there is room for.
  ///
  /// - Parameters:
  ///   - bytes: What the card should read.
  ///   - driver: Its driver.
  ///   - stream: Its stream.
  /// - Returns: Where they will be there, and 0 or the number of a fault.
  mutating func send(
    _ bytes: UnsafeRawBufferPointer, _ driver: CUDADriver, _ stream: UnsafeMutableRawPointer?
  ) -> (place: UnsafeMutableRawPointer, fault: Int32) {
    precondition(place + bytes.count <= Self.byteCount, "\(bytes.count) bytes without room")
    let (source, target) = unsafe (host + place, card + place)
    place += Self.room(for: bytes.count)
    guard let base = bytes.baseAddress else { return unsafe (target, 0) }
    unsafe source.copyMemory(from: base, byteCount: bytes.count)
    return unsafe (target, driver.copyToDevice(target, source, bytes.count, stream))
  }
}

extension CUDADriver {
  /// Memory on a card.
  ///
  /// - Throws: ``CUDAError`` when there is none.
  func memory(byteCount: Int, on stream: UnsafeMutableRawPointer?) throws -> UnsafeMutableRawPointer
  {
    var memory: UnsafeMutableRawPointer?
    try require(
      unsafe allocate(&memory, byteCount, stream), "Taking \(byteCount >> 20) MiB on the card")
    guard let memory = unsafe memory else { throw CUDAError("The card gave no memory.") }
    return unsafe memory
  }
}
