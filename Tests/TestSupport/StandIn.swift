package import FakeCUDA
import Foundation
import Synchronization
package import Tensors

extension Device {
  private static let standIns = Mutex<[CUDADevice.Precision: Device]>([:])

  /// A card that is none: its driver, compiler and BLAS are played on the processor.
  ///
  /// - Parameter precision: How it multiplies.
  /// - Returns: The device, one for all tests.
  /// - Throws: What opening a card does.
  package static func standIn(_ precision: CUDADevice.Precision = .float32) throws -> Device {
    try standIns.withLock { known in
      if let device = known[precision] { return device }
      let device = try Device.standIn(precision, fault: fake_nothing)
      known[precision] = device
      return device
    }
  }

  /// A stand-in of a test's own.
  ///
  /// - Parameters:
  ///   - precision: How it multiplies.
  ///   - index: Which card; the stand-in has one.
  ///   - fault: What is wrong with the machine.
  /// - Returns: The device.
  /// - Throws: What opening a card does.
  package static func standIn(
    _ precision: CUDADevice.Precision = .float32, index: Int = 0, fault: fake_fault
  ) throws -> Device {
    let library = { (name: String) in
      unsafe SharedLibrary(name) { unsafe fake_cuda_symbol($0, fault) }
    }
    return .cuda(
      try CUDADevice(
        index, precision: precision,
        libraries: CUDADevice.Libraries(
          driver: library("NVIDIA's driver"), compiler: library("NVRTC"), blas: library("cuBLAS")),
        cache: nil))
  }
}
