import Foundation

/// What Foundation has no words for; each takes paths as C does, and nothing else here does.
enum SystemCalls {
  /// Gives a directory another name at once: also that of an empty directory, never that of a full one.
  static func rename(_ old: URL, to new: URL) -> Bool {
    unsafe Foundation.rename(old.path, new.path) == 0
  }

  /// Removes a directory if nothing is in it.
  @discardableResult
  static func removeEmptyDirectory(_ url: URL) -> Bool { unsafe rmdir(url.path) == 0 }

  /// Leaves a signal to be listened to; false for one that whoever started the process wants ignored, as nohup does.
  static func takeOver(_ number: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(number, nil, &action) == 0 else { return false }
    #if canImport(Darwin)
      let handler = unsafe action.__sigaction_u.__sa_handler
    #else
      let handler = unsafe action.__sigaction_handler.sa_handler
    #endif
    let ignoring = unsafe unsafeBitCast(SIG_IGN, to: Int.self)
    guard unsafe unsafeBitCast(handler, to: Int.self) != ignoring else { return false }
    signal(number, SIG_IGN)
    return true
  }

  /// Puts bytes into the place of a file at once: whoever reads it sees the old ones or the new ones.
  ///
  /// - Throws: What Foundation says of a file that cannot be written.
  static func replace(_ url: URL, with data: Data) throws {
    let partial = url.appendingPathExtension(partialExtension)
    do {
      try data.write(to: partial)
      guard rename(partial, to: url) else { throw CocoaError(.fileWriteUnknown) }
    } catch {
      try? FileManager.default.removeItem(at: partial)
      throw error
    }
  }

  /// How a file's name ends while ``replace(_:with:)`` writes it.
  static let partialExtension = "partial"
}
