/// NVIDIA's BLAS (cuBLAS) on one stream.
@safe struct CUDABLAS: Sendable {
  private typealias Pointer = UnsafeMutableRawPointer
  private nonisolated(unsafe) let handle: UnsafeMutableRawPointer?
  private let gemm:
    @convention(c) (
      Pointer?, Int32, Int32, Int32, Int32, Int32, UnsafePointer<Float>, UnsafeRawPointer, Int32,
      Int32, Int, UnsafeRawPointer, Int32, Int32, Int, UnsafePointer<Float>, Pointer, Int32, Int32,
      Int, Int32, Int32, Int32
    ) -> Int32

  /// How numbers are multiplied and added.
  enum Arithmetic: Int32, Sendable {
    case float32 = 68
    case tf32 = 77
  }

  /// How an operand is stored.
  enum Number: Int32, Sendable {
    case float32 = 0
    case bfloat16 = 14
  }

  /// One side of a product, row-major.
  @unsafe struct Operand {
    let address: UnsafeMutableRawPointer
    let number: Number
    let stride: Int
    let isTransposed: Bool
    /// Elements from one product of a batch to the next.
    let step: Int
  }

  /// Opens the BLAS; its workspace is given to it, so that products of one shape are always formed in one way.
  ///
  /// - Throws: ``CUDAError`` when a function is lacking or fails.
  init(
    _ library: SharedLibrary, stream: UnsafeMutableRawPointer?, workspace: UnsafeMutableRawPointer,
    count: Int
  )
    throws
  {
    let create: @convention(c) (UnsafeMutablePointer<Pointer?>) -> Int32 =
      try unsafe library.function("cublasCreate_v2")
    let setStream: @convention(c) (Pointer?, Pointer?) -> Int32 =
      try unsafe library.function("cublasSetStream_v2")
    let setWorkspace: @convention(c) (Pointer?, Pointer, Int) -> Int32 =
      try unsafe library.function("cublasSetWorkspace_v2")
    unsafe gemm = try unsafe library.function("cublasGemmStridedBatchedEx")
    var handle: UnsafeMutableRawPointer?
    guard unsafe create(&handle) == 0, unsafe setStream(handle, stream) == 0,
      unsafe setWorkspace(handle, workspace, count) == 0
    else { throw CUDAError("cuBLAS could not be started; is the card's memory full?") }
    unsafe self.handle = handle
  }

  /// Some products of one shape, row-major: `out = left · right`, or added to it.
  ///
  /// - Returns: 0, or the number of a fault.
  func multiply(
    _ left: Operand, _ right: Operand, rows: Int, inner: Int, columns: Int,
    into out: UnsafeMutableRawPointer,
    stride: Int, step: Int, count: Int, adding: Bool, _ arithmetic: Arithmetic
  ) -> Int32 {
    // Row-major matrices are the transposed of column-major ones: outᵀ = rightᵀ · leftᵀ.
    var (one, beta): (Float, Float) = (1, adding ? 1 : 0)
    return unsafe gemm(
      handle, right.isTransposed ? 1 : 0, left.isTransposed ? 1 : 0, Int32(columns), Int32(rows),
      Int32(inner), &one, right.address, right.number.rawValue, Int32(right.stride), right.step,
      left.address, left.number.rawValue, Int32(left.stride), left.step, &beta, out,
      Number.float32.rawValue, Int32(stride), step, Int32(count), arithmetic.rawValue, -1)
  }
}
