package import Foundation

/// Where the package keeps what it can get again: fetched models, hashes, compiled kernels.
package enum CacheDirectory {
  /// `EDGEWISE_CACHE`, or `edgewise` in `XDG_CACHE_HOME` or else in `~/.cache`.
  package static var url: URL {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["EDGEWISE_CACHE"], !path.isEmpty {
      return URL(filePath: path, directoryHint: .isDirectory)
    }
    if let path = environment["XDG_CACHE_HOME"], !path.isEmpty {
      return URL(filePath: path, directoryHint: .isDirectory).appending(path: "edgewise")
    }
    let home = FileManager.default.homeDirectoryForCurrentUser
    return home.appending(path: ".cache").appending(path: "edgewise")
  }
}
