import Foundation
import Tensors
import TestSupport
import Testing

/// The kernels' source under the compiler that cards have, where it is installed: it takes no card.
@Suite struct CUDACompilerTests {
  static let compiler = try? CUDADevice.Libraries.compiler(in: SharedLibrary.directories())

  @Test(.enabled(if: compiler != nil, "NVRTC is not installed: pip install nvidia-cuda-nvrtc-cu12"))
  func `the kernels compile for every card that the compiler knows`() throws {
    let compiler = try CUDACompiler(#require(Self.compiler))
    #expect(compiler.targets.contains(90))
    for target in compiler.targets {
      #expect(try compiler.kernels(for: target, cache: nil).count > 10_000, "\(target)")
    }
  }

  @Test(.enabled(if: compiler != nil, "NVRTC is not installed: pip install nvidia-cuda-nvrtc-cu12"))
  func `what was compiled is kept`() throws {
    let compiler = try CUDACompiler(#require(Self.compiler))
    try withTemporaryDirectory { directory in
      let made = try compiler.kernels(for: 90, cache: directory)
      let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(files.count == 1)
      try Data("kept".utf8).write(to: directory.appending(path: files[0]))
      #expect(try compiler.kernels(for: 90, cache: directory) == Data("kept".utf8))
      // A card that the compiler is too old for gets assembly of the newest that it knows.
      let newer = try compiler.kernels(for: 999, cache: nil)
      #expect(newer != made && String(decoding: newer.prefix(200), as: UTF8.self).contains("NVVM"))
    }
  }

  @Test func `libraries are looked for in CUDA's directories and Python's wheels`() throws {
    try withTemporaryDirectory { root in
      let python = root.appending(path: "lib/python3.12/site-packages/nvidia/cublas/lib")
      let bin = root.appending(path: "bin")
      for directory in [python, bin] {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      }
      try Data().write(to: bin.appending(path: "python3"))
      let found = SharedLibrary.directories(["CUDA_HOME": "/opt/cuda", "PATH": "/none:\(bin.path)"])
        .map(\.path)
      #expect(found.first == "/opt/cuda/lib64")
      #expect(found.contains(python.path))
    }
  }
}
