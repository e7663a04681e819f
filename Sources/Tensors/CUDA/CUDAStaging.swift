/// Where small arrays pass on their way to a card: a ring of memory that the card reads by itself, and its twin there.
///
/// The arrays of a launch are good until the ring has gone round, which waits for the work so far.
@safe struct CUDAStaging: @unchecked Sendable {
  private let host: UnsafeMutableRawPointer
  private let card: UnsafeMutableRawPointer
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

  /// Sends bytes, at most half of the ring.
  ///
  /// - Parameters:
  ///   - bytes: What the card should read.
  ///   - driver: Its driver.
  ///   - stream: Its stream.
  /// - Returns: Where they will be there, and 0 or the number of a fault.
  mutating func send(
    _ bytes: UnsafeRawBufferPointer, _ driver: CUDADriver, _ stream: UnsafeMutableRawPointer?
  ) -> (place: UnsafeMutableRawPointer, fault: Int32) {
    precondition(bytes.count <= Self.byteCount / 2, "\(bytes.count) bytes through the ring")
    if place + bytes.count > Self.byteCount {
      let fault = unsafe driver.synchronize(stream)
      guard fault == 0 else { return unsafe (card, fault) }
      place = 0
    }
    let (source, target) = unsafe (host + place, card + place)
    place = (place + bytes.count + 255) / 256 * 256
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
