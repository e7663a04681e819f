package import Foundation

/// Files that are read whole, or mapped; pipes and devices are refused, since they cannot be read a second time.
package enum RegularFile {
  /// The bytes of a file.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - isMapped: Whether bytes are read when they are used.
  /// - Returns: The bytes.
  /// - Throws: What ``reason(of:)`` can say of a file that is not there, not readable or not regular.
  package static func contents(_ url: URL, isMapped: Bool = false) throws -> Data {
    if let reason = reason(against: url) { throw NotRegular(reason: reason) }
    return try Data(contentsOf: url, options: isMapped ? .alwaysMapped : [])
  }

  struct NotRegular: Error { let reason: String }

  private static func reason(against url: URL) -> String? {
    let files = FileManager.default
    let target = url.resolvingSymlinksInPath()
    let type = try? files.attributesOfItem(atPath: target.path)[.type] as? FileAttributeType
    switch type {
    case .typeRegular: return nil
    case .typeDirectory: return "it is a directory"
    // A link such as that of a shell's <(…) leads to a pipe that has no name.
    case nil where !files.fileExists(atPath: url.path): return nil
    default: return "it is a pipe or a device; save what comes out of it as a file, and name that"
    }
  }
}

extension URL {
  /// A file by its path as the shell hands it over: a `~` that is left in it is a name.
  package init(path: String, isDirectory: Bool = false) {
    self.init(
      filePath: path.hasPrefix("~") ? "./" + path : path,
      directoryHint: isDirectory ? .isDirectory : .inferFromPath)
  }
}
