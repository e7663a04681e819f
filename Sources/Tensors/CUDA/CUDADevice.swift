package import Foundation
internal import Synchronization

/// An NVIDIA card: kernels compiled for it, one stream on which all its work is done in order, and a BLAS.
///
/// Its libraries are opened at run time, so the package builds and runs where there are none. Work is only
/// asked for: the caller goes on, and waits when numbers are fetched. A fault is kept, all that is asked for afterwards
/// does nothing, fetched numbers are NaN, and ``check()`` tells of it.
@safe public final class CUDADevice: Sendable {
  /// How the card multiplies matrices.
  public enum Precision: String, Sendable, Codable, CaseIterable {
    /// As the processor does.
    case float32
    /// Operands are rounded to 10 bits of mantissa.
    case tf32
    /// As `tf32`, and products with a weight that is stored in BF16 take the other operand in BF16, too.
    case bfloat16
  }

  /// Its place among the system's cards.
  public let index: Int
  /// What NVIDIA calls it.
  public let name: String
  /// How it multiplies matrices.
  public let precision: Precision

  let driver: CUDADriver
  let blas: CUDABLAS
  nonisolated(unsafe) let context: UnsafeMutableRawPointer?
  nonisolated(unsafe) let stream: UnsafeMutableRawPointer?
  nonisolated(unsafe) let module: UnsafeMutableRawPointer?
  private nonisolated(unsafe) let pool: UnsafeMutableRawPointer?
  /// How many blocks of a kernel are enough to fill it.
  let fillingBlocks: Int
  /// Bytes of shared memory that a block may have.
  let sharedMemory: Int
  let state: Mutex<State>

  /// What changes: only one thread at a time asks for work.
  struct State {
    var functions: [String: Launchable] = [:]
    var staging: CUDAStaging
    var fault: CUDAError?
  }

  /// A kernel that was found in the module.
  @safe struct Launchable: Sendable {
    nonisolated(unsafe) let function: UnsafeMutableRawPointer
  }

  /// NVIDIA's three libraries.
  package struct Libraries {
    let driver: SharedLibrary
    let compiler: SharedLibrary
    let blas: SharedLibrary

    package init(driver: SharedLibrary, compiler: SharedLibrary, blas: SharedLibrary) {
      self.driver = driver
      self.compiler = compiler
      self.blas = blas
    }
  }

  private static let opened = Mutex<[String: CUDADevice]>([:])

  /// The card of an index; opened once in a process for each precision.
  ///
  /// - Parameters:
  ///   - index: Its place among the system's cards.
  ///   - precision: How it multiplies matrices.
  /// - Returns: The card.
  /// - Throws: ``CUDAError`` when there is no driver, compiler, BLAS or card, or one is too old.
  public static func open(_ index: Int = 0, precision: Precision = .float32) throws -> CUDADevice {
    try opened.withLock { devices in
      let key = "\(index) \(precision)"
      // After a fault a card is opened anew.
      if let device = devices[key], device.state.withLock({ $0.fault == nil }) { return device }
      let device = try CUDADevice(
        index, precision: precision, libraries: .system(), cache: CacheDirectory.url)
      devices[key] = device
      return device
    }
  }

  /// Whether NVIDIA's driver is on this machine, whatever else is missing.
  public static var isDriverInstalled: Bool { (try? Libraries.driver()) != nil }

  /// Opens a card of libraries that may be stand-ins.
  package init(_ index: Int, precision: Precision, libraries: Libraries, cache: URL?) throws {
    let driver = try CUDADriver(libraries.driver)
    let compiler = try CUDACompiler(libraries.compiler)
    let device = try Self.find(index, driver)
    (self.index, self.precision, self.driver) = (index, precision, driver)
    var characters = [CChar](repeating: 0, count: 128)
    try driver.require(unsafe driver.deviceName(&characters, 127, device), "Naming the card")
    name = String(
      decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)

    let attribute = { (kind: Int32) throws -> Int in
      var value: Int32 = 0
      try driver.require(unsafe driver.deviceAttribute(&value, kind, device), "Asking the card")
      return Int(value)
    }
    let capability =
      try attribute(CUDADriver.Attribute.major) * 10 + attribute(CUDADriver.Attribute.minor)
    fillingBlocks = try 16 * attribute(CUDADriver.Attribute.multiprocessors)
    sharedMemory = try attribute(CUDADriver.Attribute.sharedMemory)

    var (context, stream, module, pool): (Pointer, Pointer, Pointer, Pointer) = (nil, nil, nil, nil)
    try driver.require(unsafe driver.retainContext(&context, device), "Starting the card")
    try driver.require(unsafe driver.setContext(context), "Choosing the card")
    try driver.require(unsafe driver.createStream(&stream, 1), "Making a stream")
    // Freed memory stays with the process: it is asked for again at once.
    try driver.require(unsafe driver.defaultPool(&pool, device), "Asking for the card's memory")
    var threshold = UInt64.max
    try driver.require(
      unsafe driver.setPoolAttribute(pool, CUDADriver.Attribute.poolThreshold, &threshold),
      "Setting the card's memory")
    let kernels = try compiler.kernels(for: capability, cache: cache)
    try driver.require(
      unsafe kernels.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress else { return 1 }
        return unsafe driver.loadModule(&module, base)
      }, "Loading the kernels")
    unsafe self.pool = pool
    (unsafe self.context, unsafe self.stream, unsafe self.module) = unsafe (context, stream, module)

    let staging = unsafe try CUDAStaging(driver, stream: stream)
    state = Mutex(State(staging: staging))
    let workspace = unsafe try driver.memory(byteCount: Self.workspaceBytes, on: stream)
    blas = try unsafe CUDABLAS(
      libraries.blas, stream: stream, workspace: workspace, count: Self.workspaceBytes)
  }

  private typealias Pointer = UnsafeMutableRawPointer?
  /// What NVIDIA recommends for its largest cards.
  private static let workspaceBytes = 32 << 20
  /// The oldest whose compiler and BLAS are looked for.
  private static let oldestDriver: Int32 = 12000

  /// The driver's number of a card.
  private static func find(_ index: Int, _ driver: CUDADriver) throws -> Int32 {
    let answer = driver.initialize(0)
    guard answer == 0 else {
      throw CUDAError(
        """
        NVIDIA's driver is here but cannot start: \(driver.text(of: answer)). Does nvidia-smi show a card?
        """)
    }
    var (version, count, device): (Int32, Int32, Int32) = (0, 0, 0)
    try driver.require(unsafe driver.driverVersion(&version), "Asking for the driver's version")
    guard version >= oldestDriver else {
      throw CUDAError(
        """
        NVIDIA's driver is for CUDA \(version / 1000).\(version % 1000 / 10); 12.0 or newer is needed: update it.
        """)
    }
    try driver.require(unsafe driver.deviceCount(&count), "Counting cards")
    guard index >= 0, index < Int(count) else {
      let cards =
        count == 1 ? "is one card, cuda:0" : "are \(count) cards, cuda:0 to cuda:\(count - 1)"
      throw CUDAError(
        count == 0
          ? "NVIDIA's driver finds no card: use --device cpu."
          : "There is no card cuda:\(index): there \(cards).")
    }
    try driver.require(unsafe driver.device(&device, Int32(index)), "Choosing the card")
    return device
  }

  /// Bytes of the card's memory that this process can take, and all of them.
  public var memory: (free: Int, total: Int) {
    var (free, total) = (0, 0)
    _ = unsafe driver.setContext(context)
    _ = unsafe driver.memoryInfo(&free, &total)
    // What this process has freed stays with it, to be taken again.
    var (reserved, used): (UInt64, UInt64) = (0, 0)
    _ = unsafe driver.getPoolAttribute(pool, CUDADriver.Attribute.poolReserved, &reserved)
    _ = unsafe driver.getPoolAttribute(pool, CUDADriver.Attribute.poolUsed, &used)
    return (free + Int(clamping: reserved) - Int(clamping: used), total)
  }

  /// The most bytes that the process has held on the card since ``forgetPeakMemory()``.
  public var peakMemory: Int {
    var bytes: UInt64 = 0
    _ = unsafe driver.setContext(context)
    _ = unsafe driver.getPoolAttribute(pool, CUDADriver.Attribute.poolMostUsed, &bytes)
    return Int(clamping: bytes)
  }

  /// Lets ``peakMemory`` begin anew.
  public func forgetPeakMemory() {
    var zero: UInt64 = 0
    _ = unsafe driver.setContext(context)
    _ = unsafe driver.setPoolAttribute(pool, CUDADriver.Attribute.poolMostUsed, &zero)
  }

  /// Waits for all work.
  ///
  /// - Throws: ``CUDAError`` when something of it failed, the first that did.
  public func check() throws {
    synchronize()
    if let fault = state.withLock({ $0.fault }) { throw fault }
  }
}

extension CUDADevice.Libraries {
  /// Those of this machine.
  ///
  /// - Throws: ``CUDAError`` that says which is missing and where it comes from.
  static func system() throws -> CUDADevice.Libraries {
    let (driver, places) = (try driver(), SharedLibrary.directories())
    let versions = try versions(for: driver)
    return CUDADevice.Libraries(
      driver: driver, compiler: try compiler(in: places, versions: versions),
      blas: try SharedLibrary(
        opening: "cuBLAS", files: versions.map { "libcublas.so.\($0)" }, in: places,
        remedy: "\(wheels) nvidia-cublas-cu12"))
  }

  fileprivate static func driver() throws -> SharedLibrary {
    try SharedLibrary(
      opening: "NVIDIA driver", files: ["libcuda.so.1"], in: [],
      remedy: "Install the driver of your card, or use --device cpu.")
  }

  /// CUDA's run-time compiler, which needs no card.
  ///
  /// - Throws: ``CUDAError`` when there is none.
  package static func compiler(
    in directories: [URL], versions: [Int] = [13, 12]
  ) throws -> SharedLibrary {
    try SharedLibrary(
      opening: "NVRTC, CUDA's run-time compiler", files: versions.map { "libnvrtc.so.\($0)" },
      in: directories, remedy: "\(wheels) nvidia-cuda-nvrtc-cu12")
  }

  /// CUDA's versions that a driver goes with, the best first.
  private static func versions(for driver: SharedLibrary) throws -> [Int] {
    var version: Int32 = 0
    let driver = try CUDADriver(driver)
    try driver.require(unsafe driver.driverVersion(&version), "Asking for the driver's version")
    return version >= 13000 ? [13, 12] : [12]
  }

  private static let wheels = "Install CUDA 12 or 13, or NVIDIA's wheels: pip install"
}

extension CUDADevice: Hashable {
  /// Whether two are the same card in the same precision.
  public static func == (left: CUDADevice, right: CUDADevice) -> Bool { left === right }

  /// Feeds what tells cards apart.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
