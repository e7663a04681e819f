internal import CKernels
internal import Foundation

/// The kernels of the processor: C, compiled for several levels of it, and a BLAS.
///
/// The rows are in files by kind; this one has memory.
struct CPUBackend: Backend {
  func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    // What malloc aligns to: it takes freed blocks again only if no more is asked for, and the heap would grow.
    .allocate(byteCount: max(byteCount, 1), alignment: 16)
  }

  func deallocate(_ memory: UnsafeMutableRawPointer) { unsafe memory.deallocate() }

  func upload(_ source: UnsafeRawPointer, to memory: UnsafeMutableRawPointer, byteCount: Int) {
    unsafe memory.copyMemory(from: source, byteCount: byteCount)
  }

  func download(
    _ memory: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int
  ) {
    unsafe target.copyMemory(from: memory, byteCount: byteCount)
  }

  func copy(_ source: Address, to target: Address, count: Int) {
    unsafe target.floats.update(from: source.floats, count: count)
  }

  func clear(_ x: Address, count: Int) {
    unsafe x.bytes.initializeMemory(
      as: UInt8.self, repeating: 0, count: count * x.storage.format.blockSize)
  }

  func decode(_ x: Address, stride: Int, rows: Int, columns: Int, to out: Address) {
    unsafe ek_decode(
      out.floats, x.bytes, x.storage.format.kernelFormat, Int64(rows),
      Int64(x.storage.format.byteCount(of: stride) ?? 0), Int64(columns), Int64(columns))
  }
}

extension Address {
  /// The place's first byte.
  var bytes: UnsafeMutableRawPointer {
    let format = storage.format
    return unsafe storage.base + offset / format.blockCount * format.blockSize
  }

  /// The place as Float32 in main memory.
  var floats: UnsafeMutablePointer<Float> {
    precondition(
      storage.device == .cpu, "a tensor on \(storage.device) in a kernel of the processor")
    return unsafe bytes.assumingMemoryBound(to: Float.self)
  }

  /// The place as Float64 in main memory.
  var doubles: UnsafeMutablePointer<Double> { unsafe bytes.assumingMemoryBound(to: Double.self) }
}

extension ElementFormat {
  var kernelFormat: ek_format {
    switch self {
    case .f64: ek_f64
    case .f32: ek_f32
    case .f16: ek_f16
    case .bf16: ek_bf16
    case .q8_0: ek_q8_0
    case .q4_0: ek_q4_0
    case .q4_1: ek_q4_1
    case .q5_0: ek_q5_0
    case .q5_1: ek_q5_1
    case .iq4_nl: ek_iq4_nl
    case .q2_k: ek_q2_k
    case .q3_k: ek_q3_k
    case .q4_k: ek_q4_k
    case .q5_k: ek_q5_k
    case .q6_k: ek_q6_k
    case .iq4_xs: ek_iq4_xs
    }
  }
}
