package import Foundation

/// A library that is opened at run time, by its functions' names.
@safe package struct SharedLibrary: @unchecked Sendable {
  let name: String
  private let find: (String) -> UnsafeMutableRawPointer?

  /// Takes a library that is there already, as tests do.
  package init(_ name: String, find: @escaping (String) -> UnsafeMutableRawPointer?) {
    self.name = name
    unsafe self.find = unsafe find
  }

  /// Opens the first library that can be opened.
  ///
  /// - Parameters:
  ///   - name: What it is, for people.
  ///   - files: Names of its file, the best first.
  ///   - directories: Where it may be besides the system's own places.
  ///   - remedy: What to do when there is none.
  /// - Throws: ``CUDAError`` when none can be opened; it says what the last file's fault was.
  package init(opening name: String, files: [String], in directories: [URL], remedy: String) throws
  {
    var fault: String?
    for directory in [nil] + directories.map(Optional.init) {
      for file in files {
        let path = directory?.appending(path: file).path ?? file
        if let directory,
          !FileManager.default.fileExists(atPath: directory.appending(path: file).path)
        {
          continue
        }
        if let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) {
          unsafe self.init(name) { unsafe dlsym(handle, $0) }
          return
        }
        let reason = unsafe dlerror().map { unsafe String(cString: $0) } ?? ""
        // That a file is not there is what is looked for, and no fault.
        if !reason.hasSuffix("No such file or directory") { fault = reason }
      }
    }
    let found =
      fault.map { "It is there, but cannot be opened: \($0)." } ?? "Looked for \(files[0])."
    throw CUDAError("There is no \(name) here. \(found) \(remedy)")
  }

  /// A function of the library, of the C type that the caller expects.
  ///
  /// - Throws: ``CUDAError`` when the library lacks it, being too old.
  @unsafe func function<Function>(_ symbol: String) throws -> Function {
    guard let address = unsafe find(symbol) else {
      throw CUDAError("\(name) is too old: it has no function \(symbol). Install a newer one.")
    }
    return unsafe unsafeBitCast(address, to: Function.self)
  }

  /// Where NVIDIA's libraries may be: CUDA's own directories, and the wheels of each Python on the path.
  package static func directories(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> [URL] {
    let toolkits = [environment["CUDA_HOME"], environment["CUDA_PATH"], "/usr/local/cuda"]
      .compactMap(\.self).filter { !$0.isEmpty }
      .flatMap { root in ["lib64", "lib"].map { URL(filePath: root).appending(path: $0) } }
    let path = (environment["PATH"] ?? "").split(separator: ":").map { URL(filePath: String($0)) }
    let pythons =
      [environment["VIRTUAL_ENV"], environment["CONDA_PREFIX"]].compactMap(\.self)
      .map { URL(filePath: $0) }
      + path.filter { isFile($0.appending(path: "python3")) }.map { $0.deletingLastPathComponent() }
      + [environment["HOME"].map { URL(filePath: $0).appending(path: ".local") }].compactMap(\.self)
    let wheels = pythons.flatMap { root in
      entries(of: root.appending(path: "lib")).filter { $0.lastPathComponent.hasPrefix("python3") }
        .flatMap { version in
          ["site-packages", "dist-packages"].map {
            version.appending(path: $0).appending(path: "nvidia")
          }
        }
    }
    let parts = ["cu13", "cublas", "cuda_nvrtc"]
    return toolkits
      + wheels.flatMap { nvidia in
        parts.map { nvidia.appending(path: $0).appending(path: "lib") }
      }
  }

  private static func isFile(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: url.path)
  }

  private static func entries(of directory: URL) -> [URL] {
    let found =
      (try? FileManager.default.contentsOfDirectory(
        at: directory, includingPropertiesForKeys: nil)) ?? []
    return found.sorted { $0.path > $1.path }
  }
}
