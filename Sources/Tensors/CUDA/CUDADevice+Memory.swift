internal import Synchronization

extension CUDADevice {
  /// Takes memory, or notes that there is none.
  @unsafe func take(_ byteCount: Int, _ state: inout State) -> UnsafeMutableRawPointer? {
    guard state.fault == nil else { return nil }
    var memory: UnsafeMutableRawPointer?
    let answer = unsafe driver.allocate(&memory, max(byteCount, 1), stream)
    if answer == Self.outOfMemory {
      var (free, total) = (0, 0)
      _ = unsafe driver.memoryInfo(&free, &total)
      state.fault = CUDAError(
        """
        \(self) is out of memory: \(byteCount >> 20) MiB more were needed, \(free >> 20) of its \(total >> 20) MiB \
        are free. Close what else runs there, take fewer or shorter prompts, or use --device cpu.
        """)
      return nil
    }
    note(answer, "Taking \(byteCount >> 20) MiB", &state)
    return unsafe memory
  }

  private static let outOfMemory: Int32 = 2

  /// After a fault there is no memory, and nobody writes to what is handed out instead.
  func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    _ = unsafe driver.setContext(context)
    return unsafe state.withLock { unsafe take(byteCount, &$0) } ?? Self.none
  }

  /// Stands for memory that there is none of.
  private static var none: UnsafeMutableRawPointer {
    guard let pointer = unsafe UnsafeMutableRawPointer(bitPattern: 256) else {
      preconditionFailure("256 is no address")
    }
    return unsafe pointer
  }

  func deallocate(_ memory: UnsafeMutableRawPointer) {
    guard unsafe memory != Self.none else { return }
    _ = unsafe driver.setContext(context)
    _ = unsafe driver.free(memory, stream)
  }

  func upload(_ source: UnsafeRawPointer, to memory: UnsafeMutableRawPointer, byteCount: Int) {
    perform("Sending \(byteCount) bytes") {
      unsafe driver.copyToDevice(memory, source, byteCount, stream)
    }
  }

  /// Waits for all work; after a fault all bits are ones, which is NaN and −1.
  func download(
    _ memory: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int
  ) {
    perform("Fetching \(byteCount) bytes") {
      let answer = unsafe driver.copyToHost(target, memory, byteCount, stream)
      return answer == 0 ? unsafe driver.synchronize(stream) : answer
    }
    if state.withLock({ $0.fault }) != nil {
      unsafe target.initializeMemory(as: UInt8.self, repeating: 0xff, count: byteCount)
    }
  }

  func copy(_ source: Address, to target: Address, count: Int) {
    perform("Copying") {
      unsafe driver.copyOnDevice(
        pointer(target), pointer(source), count * source.storage.format.blockSize, stream)
    }
  }

  func clear(_ x: Address, count: Int) {
    perform("Clearing") {
      unsafe driver.setBytes(pointer(x), 0, count * x.storage.format.blockSize, stream)
    }
  }

  /// Waits for all work.
  func synchronize() { perform("Working") { unsafe driver.synchronize(stream) } }

  /// Asks for something unless there was a fault.
  func perform(_ what: String, text: ((Int32) -> String)? = nil, _ work: () -> Int32) {
    _ = unsafe driver.setContext(context)
    state.withLock { state in
      guard state.fault == nil else { return }
      note(work(), what, &state, text: text)
    }
  }

  /// Float64 numbers that work writes, fetched.
  func doubles(_ count: Int, writtenBy work: (UnsafeMutableRawPointer) -> Void) -> [Double] {
    let memory = unsafe allocate(byteCount: 8 * count)
    defer { unsafe deallocate(memory) }
    unsafe work(memory)
    return unsafe [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { unsafe download(memory, to: base, byteCount: 8 * count) }
      initialized = count
    }
  }
}
