internal import Synchronization

/// What a kernel is given.
@safe enum KernelArgument {
  /// A place on the card; null for nil.
  case address(Address?)
  /// Memory on the card; null for nil.
  case memory(UnsafeMutableRawPointer?)
  case int(Int)
  case float(Float)
  /// An array that is brought to the card for this launch.
  case int32s([Int32])
  case int64s([Int64])
  case floats([Float])
  /// A struct of 8-byte fields.
  case record([UInt64])

  /// The bytes of an array; 0 for what is none.
  fileprivate var byteCount: Int {
    switch self {
    case .int32s(let numbers): 4 * numbers.count
    case .int64s(let numbers): 8 * numbers.count
    case .floats(let numbers): 4 * numbers.count
    default: 0
    }
  }
}

/// How the work of a kernel is laid out.
enum KernelGrid {
  /// A thread for each element.
  case elements(Int)
  /// A block for each row.
  case rows(Int)
  /// So many blocks and threads, and floats of shared memory.
  case blocks(Int, threads: Int, sharedFloats: Int)
}

extension CUDADevice {
  /// As in the kernels' source.
  static let threads = 256

  /// Asks for a kernel's work; nothing when there is none, or after a fault.
  func launch(_ kernel: String, _ grid: KernelGrid, _ arguments: [KernelArgument]) {
    let (blocks, threads, shared) = layout(grid)
    guard blocks > 0 else { return }
    _ = unsafe driver.setContext(context)
    state.withLock { state in
      guard state.fault == nil, let function = unsafe function(kernel, &state) else { return }
      var (slots, starts, borrowed): ([UInt64], [Int], [UnsafeMutableRawPointer]) = unsafe (
        [], [], []
      )
      let staged = arguments.reduce(0) { $0 + CUDAStaging.room(for: $1.byteCount) }
      let isStaged = staged <= CUDAStaging.byteCount
      if isStaged {
        note(unsafe state.staging.makeRoom(for: staged, driver, stream), "Waiting", &state)
      }
      for argument in arguments {
        starts.append(slots.count)
        unsafe append(argument, to: &slots, &state, isStaged, &borrowed)
      }
      if state.fault == nil {
        let answer = unsafe slots.withUnsafeMutableBytes { buffer in
          var pointers = unsafe starts.map { start in
            unsafe buffer.baseAddress.map { unsafe $0 + 8 * start }
          }
          return unsafe driver.launch(
            function, UInt32(blocks), 1, 1, UInt32(threads), 1, 1, UInt32(4 * shared), stream,
            &pointers, nil)
        }
        note(answer, "Running \(kernel)", &state)
      }
      unsafe borrowed.forEach { _ = unsafe driver.free($0, stream) }
    }
    // Places hold their storages until the work is asked for.
    withExtendedLifetime(arguments) {}
  }

  private func layout(_ grid: KernelGrid) -> (blocks: Int, threads: Int, sharedFloats: Int) {
    switch grid {
    case .elements(let count):
      (min((count + Self.threads - 1) / Self.threads, fillingBlocks), Self.threads, 0)
    case .rows(let count): (min(count, 1 << 20), Self.threads, 0)
    case .blocks(let count, let threads, let shared): (count, threads, shared)
    }
  }

  @unsafe private func function(_ name: String, _ state: inout State) -> UnsafeMutableRawPointer? {
    if let known = state.functions[name] { return unsafe known.function }
    var function: UnsafeMutableRawPointer?
    note(unsafe driver.getFunction(&function, module, name), "Finding \(name)", &state)
    guard let function = unsafe function, state.fault == nil else { return nil }
    // Attention may want more than the 48 KiB that a block has without asking.
    _ = unsafe driver.setFunctionAttribute(
      function, CUDADriver.Attribute.functionSharedMemory, Int32(dynamicSharedMemory))
    state.functions[name] = unsafe Launchable(function: function)
    return unsafe function
  }

  /// Bytes of shared memory that a launch may ask for, beside what kernels have of their own.
  var dynamicSharedMemory: Int { max(sharedMemory - 8 * Self.threads * 2, 0) }

  /// Puts an argument into 8-byte slots, sending arrays first.
  @unsafe private func append(
    _ argument: KernelArgument, to slots: inout [UInt64], _ state: inout State, _ isStaged: Bool,
    _ borrowed: inout [UnsafeMutableRawPointer]
  ) {
    switch argument {
    case .address(let address):
      slots.append(address.map { unsafe UInt64(UInt(bitPattern: pointer($0))) } ?? 0)
    case .memory(let memory): slots.append(UInt64(UInt(bitPattern: memory)))
    case .int(let number): slots.append(UInt64(bitPattern: Int64(number)))
    case .float(let number): slots.append(UInt64(number.bitPattern))
    case .record(let fields): slots += fields
    case .int32s(let numbers): unsafe slots.append(send(numbers, &state, isStaged, &borrowed))
    case .int64s(let numbers): unsafe slots.append(send(numbers, &state, isStaged, &borrowed))
    case .floats(let numbers): unsafe slots.append(send(numbers, &state, isStaged, &borrowed))
    }
  }

  /// Brings an array to the card: through the ring, or into memory of its own where a launch has too much for it.
  @unsafe private func send<Number: BitwiseCopyable>(
    _ numbers: [Number], _ state: inout State, _ isStaged: Bool,
    _ borrowed: inout [UnsafeMutableRawPointer]
  ) -> UInt64 {
    guard state.fault == nil else { return 0 }
    return unsafe numbers.withUnsafeBytes { bytes in
      if isStaged {
        let (place, fault) = unsafe state.staging.send(bytes, driver, stream)
        note(fault, "Sending \(bytes.count) bytes", &state)
        return UInt64(UInt(bitPattern: place))
      }
      guard let memory = unsafe take(bytes.count, &state), let base = bytes.baseAddress else {
        return 0
      }
      unsafe borrowed.append(memory)
      note(
        unsafe driver.copyToDevice(memory, base, bytes.count, stream),
        "Sending \(bytes.count) bytes", &state)
      return UInt64(UInt(bitPattern: memory))
    }
  }

  /// Keeps the first fault.
  func note(
    _ answer: Int32, _ what: String, _ state: inout State, text: ((Int32) -> String)? = nil
  ) {
    guard answer != 0, state.fault == nil else { return }
    let reason = text?(answer) ?? driver.text(of: answer)
    state.fault = CUDAError("\(what) on \(self) failed: \(reason).")
  }

  /// A tensor's place, which is on this card.
  func pointer(_ address: Address) -> UnsafeMutableRawPointer {
    precondition(
      address.storage.device == .cuda(self),
      "a tensor on \(address.storage.device) in a kernel of \(self)")
    return unsafe address.bytes
  }
}

extension CUDADevice: CustomStringConvertible {
  /// The card's name and number.
  public var description: String { "cuda:\(index) (\(name))" }
}
