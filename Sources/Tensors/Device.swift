internal import Foundation

/// Where tensors lie and kernels run.
public enum Device: Hashable, Sendable {
  /// The processor and its main memory.
  case cpu
  /// An NVIDIA card and its own memory.
  case cuda(CUDADevice)

  /// The device of a name.
  ///
  /// - Parameters:
  ///   - name: `cpu`, `cuda`, `cuda:1` or `auto`: the first card when there is one that can be used, else the processor.
  ///   - precision: How a card multiplies matrices; the processor has Float32 only.
  /// - Throws: ``CUDAError`` when there is no such device.
  public init(named name: String, precision: CUDADevice.Precision = .float32) throws {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    switch (parts.first, parts.count) {
    case ("cpu", 1), ("auto", 1):
      if name == "auto", let card = try? CUDADevice.open(precision: precision) {
        self = .cuda(card)
        return
      }
      guard precision == .float32 else {
        throw CUDAError(
          "The processor computes in float32 only: \(precision.rawValue) needs an NVIDIA card.")
      }
      self = .cpu
    case ("cuda", 1): self = .cuda(try CUDADevice.open(precision: precision))
    case ("cuda", 2):
      guard let index = Int(parts[1]), index >= 0 else { fallthrough }
      self = .cuda(try CUDADevice.open(index, precision: precision))
    default:
      throw CUDAError(
        "A device should be cpu, auto, cuda, or cuda with a number as in cuda:1; found \"\(name)\"."
      )
    }
  }

  /// The kernels of this device.
  var backend: any Backend {
    switch self {
    case .cpu: CPUBackend()
    case .cuda(let card): card
    }
  }

  /// How many threads should ask for work at a time: work of a card is done one after another anyhow.
  package var callerCount: Int {
    switch self {
    case .cpu: ProcessSettings.threadCount
    case .cuda: 1
    }
  }

  /// By how much more memory a step of work may take than on the processor, which is fastest where its caches hold
  /// most: a card wants fewer and larger steps.
  package var roominess: Int {
    switch self {
    case .cpu: 1
    case .cuda(let card): min(max(card.memory.total >> 31, 1), 64)
    }
  }

  /// Numbers that a tile of a larger computation should have: what caches hold, or a share of a card's memory.
  package var tileNumbers: Int {
    switch self {
    case .cpu: 4 << 20
    case .cuda(let card): max(card.memory.total >> 8, 4 << 20)
    }
  }

  /// Whether one product that forms some numbers in vain is faster than several that form none.
  package var prefersFewProducts: Bool { self != .cpu }

  /// Bytes that a run can take at most: the machine's memory, or what is free on a card.
  package var availableMemory: Int {
    switch self {
    case .cpu: Int(clamping: ProcessInfo.processInfo.physicalMemory)
    case .cuda(let card): card.memory.free
    }
  }

  /// The most bytes that this process has held on a card; nil on the processor.
  package var cardPeakMemory: Int? {
    if case .cuda(let card) = self { card.peakMemory } else { nil }
  }

  /// Waits for all work.
  ///
  /// - Throws: What went wrong on a card since it was opened; nothing for the processor.
  public func check() throws {
    if case .cuda(let card) = self { try card.check() }
  }
}

extension Device {
  /// Does some work, and throws what went wrong on a card rather than what came of it.
  ///
  /// - Parameter work: Runs on this device.
  /// - Returns: What the work returns.
  /// - Throws: As ``check()``, and what the work throws.
  public func checked<Result>(_ work: () throws -> Result) throws -> Result {
    do {
      let result = try work()
      try check()
      return result
    } catch {
      try check()
      throw error
    }
  }
}

extension Device: CustomStringConvertible {
  /// The device's name, and what kind of card it is.
  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let card): card.description
    }
  }
}
