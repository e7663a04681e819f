public import Foundation

/// Where fetched models are kept.
public enum ModelCache {
  /// `EDGEWISE_CACHE`, or `edgewise` in `XDG_CACHE_HOME` or else in `~/.cache`.
  public static var directory: URL {
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

  /// Where a fetched model's file lies, whether it is there or not.
  public static func file(named name: String) -> URL { directory.appending(path: name) }
}
