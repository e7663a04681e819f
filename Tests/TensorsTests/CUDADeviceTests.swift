import DeviceCases
import FakeCUDA
import Foundation
import Tensors
import TestSupport
import Testing

/// The kernels of cards, compiled for the processor, through the very code that drives a card.
@Suite struct CUDADeviceTests {
  @Test(arguments: DeviceCase.kernels) func `a kernel computes what the processor does`(
    kernel: DeviceCase
  ) throws {
    let error = try kernel.error(on: .standIn())
    #expect(error <= kernel.tolerance, "\(error)")
  }

  @Test func `the same bytes on every run`() throws {
    for kernel in DeviceCase.kernels {
      #expect(try kernel.values(.standIn()) == kernel.values(.standIn()), "\(kernel)")
    }
  }

  @Test(arguments: [CUDADevice.Precision.tf32, .bfloat16])
  func `products with a weight in BF16 round the other side`(precision: CUDADevice.Precision) throws
  {
    let device = try Device.standIn(precision)
    for kernel in DeviceCase.kernels where kernel.name.hasPrefix("weights") {
      let error = try kernel.error(on: device)
      // The stand-in multiplies TF32 as Float32; BF16 has 8 bits.
      let isRounded = precision == .bfloat16 && kernel.name.hasSuffix("BF16")
      #expect(error <= (isRounded ? 1e-2 : kernel.tolerance), "\(kernel): \(error)")
      #expect(isRounded == (error > 1e-4), "\(kernel): \(error)")
    }
  }

  @Test(arguments: [
    (fake_no_start, "cannot start: a fault of the stand-in"),
    (fake_old_driver, "NVIDIA's driver is for CUDA 10.2; 12.0 or newer is needed"),
    (fake_no_card, "finds no card: use --device cpu"),
    (fake_old_library, "NVIDIA's driver is too old: it has no function cuMemAllocAsync"),
    (fake_old_compiler, "capability is 9.0, and the NVRTC that was found knows 10.0 and above"),
    (fake_bad_kernels, "NVRTC could not compile the kernels"),
  ]) func `what is wrong with a machine is one sentence`(fault: fake_fault, sentence: String) {
    let error = #expect(throws: CUDAError.self) { try Device.standIn(fault: fault) }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
  }

  @Test func `a card that is not there is named`() {
    let error = #expect(throws: CUDAError.self) {
      try Device.standIn(index: 2, fault: fake_nothing)
    }
    #expect(error?.description == "There is no card cuda:2: there is one card, cuda:0.")
  }

  @Test func `a machine without a card says what is missing`() throws {
    let error = #expect(throws: CUDAError.self) {
      try SharedLibrary(
        opening: "NVIDIA driver", files: ["libno-such-driver.so.1"], in: [], remedy: "Install it.")
    }
    #expect(
      error?.description
        == "There is no NVIDIA driver here. Looked for libno-such-driver.so.1. Install it.")
  }

  @Test func `a file that is no library is named`() throws {
    let error = try withTemporaryDirectory { directory -> CUDAError? in
      try Data("no library".utf8).write(to: directory.appending(path: "libno-library.so"))
      return #expect(throws: CUDAError.self) {
        try SharedLibrary(
          opening: "NVRTC", files: ["libno-library.so"], in: [directory], remedy: "Install it.")
      }
    }
    #expect(error?.description.contains("It is there, but cannot be opened") == true)
  }

  @Test func `a fault is kept, what follows does nothing, and numbers are NaN`() throws {
    let device = try Device.standIn(fault: fake_bad_launch)
    var x = Tensor(zeros: [3], on: device)
    try device.check()
    x.scale(by: 2)
    x.scale(by: 3)
    #expect(x.values().allSatisfy { $0.isNaN })
    let error = #expect(throws: CUDAError.self) { try device.check() }
    #expect(error?.description.contains("Running ek_scale on cuda:0 (Stand-in) failed") == true)
  }

  @Test func `memory that does not suffice is a sentence with the number`() throws {
    let device = try Device.standIn(fault: fake_nothing)
    _ = Tensor(zeros: [1 << 30], on: device)
    let error = #expect(throws: CUDAError.self) { try device.check() }
    #expect(
      error?.description.contains("4096 MiB more were needed") == true,
      "\(error?.description ?? "")")
  }

  @Test(arguments: ["gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:0:1", ""])
  func `names that are no device are refused`(name: String) {
    let error = #expect(throws: CUDAError.self) { try Device(named: name) }
    #expect(error?.description.contains("A device should be cpu, auto, cuda") == true)
  }

  @Test func `the processor has one precision`() throws {
    #expect(try Device(named: "cpu") == .cpu)
    #expect(throws: CUDAError.self) { try Device(named: "cpu", precision: .tf32) }
  }

  @Test func `a ring that has gone round waits for the work so far`() throws {
    let device = try Device.standIn()
    let table = Tensor([1, 2, 4], shape: [3, 1], on: device)
    // 40 MiB through a ring of 32.
    let indices = (0..<(1 << 18)).map { Int32($0 % 3) }
    let sums = (0..<40).map { _ in table.gatherRows(indices).rowSum() }
    let expected = Float(indices.reduce(0) { $0 + (1 << $1) })
    #expect(sums.allSatisfy { $0.values() == [expected] })
  }

  @Test func `tensors of one storage are brought together`() throws {
    let table = Tensor.random([4, 6], seed: 9)
    var move = Tensor.Move(to: try .standIn())
    let (whole, part) = (move(table), move(table.slice(1..<3)))
    #expect(whole.sharesStorage(with: part) && whole == table && part == table.slice(1..<3))
    var back = Tensor.Move(to: .cpu)
    let returned = back(part)
    #expect(returned.device == .cpu && returned == table.slice(1..<3))
  }

  @Test func `a kernel that is handed another device's tensor traps`() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor(zeros: [3], on: try .standIn()) - Tensor(zeros: [3])
    }
  }

  @Test func `arrays larger than the ring reach the card`() throws {
    let device = try Device.standIn()
    let indices = (0..<(5 << 20)).map { Int32($0 % 3) }
    let table = Tensor([1, 2, 4], shape: [3, 1], on: device)
    let rows = table.gatherRows(indices)
    #expect(rows.rowSum().values() == [Float(indices.reduce(0) { $0 + (1 << $1) })])
  }
}
