/// The functions of NVIDIA's driver (libcuda) that are used, as its documentation declares them.
///
/// Each returns 0 or the number of a fault. Addresses on the card, contexts, streams and modules are all pointers.
@safe struct CUDADriver: Sendable {
  typealias Pointer = UnsafeMutableRawPointer
  typealias Number = UnsafeMutablePointer<Int32>

  let initialize: @convention(c) (UInt32) -> Int32
  let driverVersion: @convention(c) (Number) -> Int32
  let deviceCount: @convention(c) (Number) -> Int32
  let device: @convention(c) (Number, Int32) -> Int32
  let deviceName: @convention(c) (UnsafeMutablePointer<CChar>, Int32, Int32) -> Int32
  let deviceAttribute: @convention(c) (Number, Int32, Int32) -> Int32
  let retainContext: @convention(c) (UnsafeMutablePointer<Pointer?>, Int32) -> Int32
  let setContext: @convention(c) (Pointer?) -> Int32
  let memoryInfo: @convention(c) (UnsafeMutablePointer<Int>, UnsafeMutablePointer<Int>) -> Int32
  let createStream: @convention(c) (UnsafeMutablePointer<Pointer?>, UInt32) -> Int32
  let synchronize: @convention(c) (Pointer?) -> Int32
  let defaultPool: @convention(c) (UnsafeMutablePointer<Pointer?>, Int32) -> Int32
  let setPoolAttribute: @convention(c) (Pointer?, Int32, Pointer) -> Int32
  let getPoolAttribute: @convention(c) (Pointer?, Int32, Pointer) -> Int32
  let allocate: @convention(c) (UnsafeMutablePointer<Pointer?>, Int, Pointer?) -> Int32
  let free: @convention(c) (Pointer, Pointer?) -> Int32
  let allocateHost: @convention(c) (UnsafeMutablePointer<Pointer?>, Int, UInt32) -> Int32
  let copyToDevice: @convention(c) (Pointer, UnsafeRawPointer, Int, Pointer?) -> Int32
  let copyToHost: @convention(c) (Pointer, UnsafeRawPointer, Int, Pointer?) -> Int32
  let copyOnDevice: @convention(c) (Pointer, UnsafeRawPointer, Int, Pointer?) -> Int32
  let setBytes: @convention(c) (Pointer, UInt8, Int, Pointer?) -> Int32
  let loadModule: @convention(c) (UnsafeMutablePointer<Pointer?>, UnsafeRawPointer) -> Int32
  let getFunction:
    @convention(c) (UnsafeMutablePointer<Pointer?>, Pointer?, UnsafePointer<CChar>) -> Int32
  let setFunctionAttribute: @convention(c) (Pointer?, Int32, Int32) -> Int32
  let launch:
    @convention(c) (
      Pointer?, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, Pointer?,
      UnsafeMutablePointer<Pointer?>, UnsafeMutablePointer<Pointer?>?
    ) -> Int32
  private let errorString:
    @convention(c) (Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Int32

  /// Numbers that the driver's documentation gives.
  enum Attribute {
    static let multiprocessors: Int32 = 16
    static let (major, minor): (Int32, Int32) = (75, 76)
    static let sharedMemory: Int32 = 97
    static let functionSharedMemory: Int32 = 8
    static let poolThreshold: Int32 = 4
    static let poolReserved: Int32 = 5
    static let poolUsed: Int32 = 7
    static let poolMostUsed: Int32 = 8
  }

  /// - Throws: ``CUDAError`` when the library lacks a function.
  init(_ library: SharedLibrary) throws {
    initialize = try unsafe library.function("cuInit")
    unsafe driverVersion = try unsafe library.function("cuDriverGetVersion")
    unsafe deviceCount = try unsafe library.function("cuDeviceGetCount")
    unsafe device = try unsafe library.function("cuDeviceGet")
    unsafe deviceName = try unsafe library.function("cuDeviceGetName")
    unsafe deviceAttribute = try unsafe library.function("cuDeviceGetAttribute")
    unsafe retainContext = try unsafe library.function("cuDevicePrimaryCtxRetain")
    unsafe setContext = try unsafe library.function("cuCtxSetCurrent")
    unsafe memoryInfo = try unsafe library.function("cuMemGetInfo_v2")
    unsafe createStream = try unsafe library.function("cuStreamCreate")
    unsafe synchronize = try unsafe library.function("cuStreamSynchronize")
    unsafe defaultPool = try unsafe library.function("cuDeviceGetDefaultMemPool")
    unsafe setPoolAttribute = try unsafe library.function("cuMemPoolSetAttribute")
    unsafe getPoolAttribute = try unsafe library.function("cuMemPoolGetAttribute")
    unsafe allocate = try unsafe library.function("cuMemAllocAsync")
    unsafe free = try unsafe library.function("cuMemFreeAsync")
    unsafe allocateHost = try unsafe library.function("cuMemHostAlloc")
    unsafe copyToDevice = try unsafe library.function("cuMemcpyHtoDAsync_v2")
    unsafe copyToHost = try unsafe library.function("cuMemcpyDtoHAsync_v2")
    unsafe copyOnDevice = try unsafe library.function("cuMemcpyDtoDAsync_v2")
    unsafe setBytes = try unsafe library.function("cuMemsetD8Async")
    unsafe loadModule = try unsafe library.function("cuModuleLoadData")
    unsafe getFunction = try unsafe library.function("cuModuleGetFunction")
    unsafe setFunctionAttribute = try unsafe library.function("cuFuncSetAttribute")
    unsafe launch = try unsafe library.function("cuLaunchKernel")
    unsafe errorString = try unsafe library.function("cuGetErrorString")
  }

  /// What the driver says of a fault.
  func text(of fault: Int32) -> String {
    var text: UnsafePointer<CChar>?
    guard unsafe errorString(fault, &text) == 0, let text = unsafe text else {
      return "fault \(fault)"
    }
    return unsafe String(cString: text)
  }

  /// - Throws: ``CUDAError`` with what was being done, unless the driver's answer is 0.
  func require(_ answer: Int32, _ what: String) throws {
    guard answer == 0 else { throw CUDAError("\(what) failed: \(text(of: answer)).") }
  }
}
