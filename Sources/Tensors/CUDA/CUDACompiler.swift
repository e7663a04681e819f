internal import CUDAKernels
package import Foundation

/// NVIDIA's run-time compiler (NVRTC), which makes machine code of the kernels for one card.
@safe package struct CUDACompiler: Sendable {
  private typealias Text = UnsafePointer<CChar>
  private typealias Size = UnsafeMutablePointer<Int>
  private let getVersion:
    @convention(c) (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> Int32
  private let getCount: @convention(c) (UnsafeMutablePointer<Int32>) -> Int32
  private let getTargets: @convention(c) (UnsafeMutablePointer<Int32>) -> Int32
  private let create:
    @convention(c) (
      UnsafeMutablePointer<UnsafeMutableRawPointer?>, Text, Text, Int32, OpaquePointer?,
      OpaquePointer?
    ) -> Int32
  private let compile:
    @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<Text?>) -> Int32
  private let destroy: @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int32
  private let log: Output
  private let machineCode: Output
  private let assembly: Output

  /// A text or binary that the compiler hands out: its size, and then itself.
  @safe private struct Output {
    let size: @convention(c) (UnsafeMutableRawPointer?, Size) -> Int32
    let bytes: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<CChar>) -> Int32

    init(_ library: SharedLibrary, _ name: String) throws {
      unsafe size = try unsafe library.function("nvrtcGet\(name)Size")
      unsafe bytes = try unsafe library.function("nvrtcGet\(name)")
    }

    func get(of program: UnsafeMutableRawPointer?) -> Data {
      var count = 0
      guard unsafe size(program, &count) == 0 else { return Data() }
      var data = Data(count: count)
      unsafe data.withUnsafeMutableBytes { buffer in
        guard let base = unsafe buffer.bindMemory(to: CChar.self).baseAddress else { return }
        _ = unsafe bytes(program, base)
      }
      return data
    }
  }

  /// - Throws: ``CUDAError`` when the library lacks a function.
  package init(_ library: SharedLibrary) throws {
    unsafe getVersion = try unsafe library.function("nvrtcVersion")
    unsafe getCount = try unsafe library.function("nvrtcGetNumSupportedArchs")
    unsafe getTargets = try unsafe library.function("nvrtcGetSupportedArchs")
    unsafe create = try unsafe library.function("nvrtcCreateProgram")
    unsafe compile = try unsafe library.function("nvrtcCompileProgram")
    unsafe destroy = try unsafe library.function("nvrtcDestroyProgram")
    log = try Output(library, "ProgramLog")
    machineCode = try Output(library, "CUBIN")
    assembly = try Output(library, "PTX")
  }

  /// Compute capabilities that the compiler knows, as 90 for 9.0, ascending.
  package var targets: [Int] {
    var count: Int32 = 0
    guard unsafe getCount(&count) == 0 else { return [] }
    var numbers = [Int32](repeating: 0, count: Int(count))
    guard unsafe getTargets(&numbers) == 0 else { return [] }
    return numbers.map(Int.init).sorted()
  }

  /// The kernels for a card of a compute capability.
  ///
  /// A card that is newer than the compiler gets assembly, which its driver finishes.
  ///
  /// - Parameters:
  ///   - capability: As 90 for 9.0.
  ///   - cache: A directory that keeps what was compiled, by a hash of all that it depends on; nil for none.
  /// - Returns: What the driver loads.
  /// - Throws: ``CUDAError`` with the compiler's words, or when it knows no such card.
  package func kernels(for capability: Int, cache: URL?) throws -> Data {
    let targets = targets
    guard let known = targets.last(where: { $0 <= capability }) else {
      throw CUDAError(
        """
        This card's compute capability is \(capability / 10).\(capability % 10), and the NVRTC that was found \
        knows \(targets.first.map { "\($0 / 10).\($0 % 10)" } ?? "none") and above: install an older NVRTC.
        """)
    }
    let isOwn = known == capability
    let option = "--gpu-architecture=\(isOwn ? "sm" : "compute")_\(known)"
    let source = unsafe String(cString: ek_cuda_source())
    let file = cache?.appending(path: "kernels-\(hash(source, option)).bin")
    if let file, let kept = try? Data(contentsOf: file), !kept.isEmpty { return kept }
    let made = try compile(source, option, output: isOwn ? machineCode : assembly)
    if let file {
      // A cache that cannot be written costs the next run some seconds, and nothing else.
      try? FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try? made.write(to: file, options: .atomic)
    }
    return made
  }

  private func compile(_ source: String, _ option: String, output: Output) throws -> Data {
    var program: UnsafeMutableRawPointer?
    defer { _ = unsafe destroy(&program) }
    guard unsafe create(&program, source, "edgewise.cu", 0, nil, nil) == 0 else {
      throw CUDAError("NVRTC made no program of the kernels.")
    }
    // Without fast arithmetic: divisions and roots are rounded as on the processor.
    let answer = unsafe option.withCString { target in
      unsafe "--std=c++17".withCString { standard in
        var options: [UnsafePointer<CChar>?] = unsafe [target, standard]
        return unsafe compile(program, Int32(options.count), &options)
      }
    }
    guard answer == 0 else {
      throw CUDAError(
        unsafe "NVRTC could not compile the kernels: \(String(decoding: log.get(of: program), as: UTF8.self))"
      )
    }
    let made = unsafe output.get(of: program)
    guard !made.isEmpty else { throw CUDAError("NVRTC gave no machine code.") }
    return made
  }

  /// A name for what some source becomes, from FNV-1a over all that it depends on.
  private func hash(_ source: String, _ option: String) -> String {
    var (major, minor): (Int32, Int32) = (0, 0)
    _ = unsafe getVersion(&major, &minor)
    let hash = "\(major).\(minor) \(option) \(source)".utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64)
    {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return String(hash, radix: 16)
  }
}
