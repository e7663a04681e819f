package import Foundation
package import Tensors

/// A tensor as it lies in a file: not converted yet.
package struct StoredTensor: Sendable {
  /// The format's name, as the file spells it.
  package let format: String
  package let shape: [Int]
  package let bytes: Data
}

/// Tensors by name, and what else a file says; the bytes are mapped, not read.
package struct TensorFile: Sendable {
  package let path: String
  package var tensors: [String: StoredTensor]
  package var metadata: [String: FieldValue]

  /// Maps a file into memory.
  package static func map(_ url: URL) throws(CheckpointError) -> Data {
    let data: Data
    do { data = try RegularFile.contents(url, isMapped: true) } catch {
      throw CheckpointError(url.path, .unreadable(reason(of: error)))
    }
    guard !data.starts(with: Data("version https://git-lfs".utf8)) else {
      throw CheckpointError(
        url.path,
        .malformed(
          """
          this is a pointer of Git LFS of \(data.count) bytes and not the file itself; run "git lfs pull" where it \
          was cloned
          """))
    }
    guard !isPage(data) else {
      throw CheckpointError(
        url.path,
        .malformed(
          """
          this is a web page and not the file itself, as a download leaves that was refused or not found; get the file \
          again, such as with "edgewise fetch"
          """))
    }
    return data
  }

  /// Whether bytes start as a web page does.
  private static func isPage(_ data: Data) -> Bool {
    let start = String(decoding: data.prefix(256), as: UTF8.self)
      .drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
    return start.hasPrefix("<!doctype html") || start.hasPrefix("<html")
  }

  /// A tensor as it lies in the file: neither read nor converted.
  ///
  /// - Throws: ``CheckpointError`` for formats that are not read.
  package func map(_ name: String, _ stored: StoredTensor) throws(CheckpointError) -> Tensor {
    guard let format = ElementFormat(rawValue: stored.format) else {
      throw CheckpointError(path, .unsupportedFormat(tensor: name, stored.format))
    }
    return Tensor(mapping: stored.bytes, as: format, shape: stored.shape)
  }

  /// Converts a tensor to Float32.
  ///
  /// - Throws: ``CheckpointError`` for formats that are not read and numbers that are not finite.
  package func read(_ name: String, _ stored: StoredTensor) throws(CheckpointError) -> Tensor {
    let tensor = try map(name, stored).float32
    guard tensor.isFinite else { throw CheckpointError(path, .notFinite(tensor: name)) }
    return tensor
  }
}

extension TensorFile {
  /// The rows of a matrix of whole numbers.
  ///
  /// - Throws: ``CheckpointError`` when it is missing, or no matrix of 32-bit integers.
  package func integerRows(_ name: String) throws(CheckpointError) -> [[Int32]] {
    guard let stored = tensors[name] else {
      throw CheckpointError(path, .missingTensor(name, shape: []))
    }
    guard stored.format == "I32" else {
      throw CheckpointError(path, .unsupportedFormat(tensor: name, stored.format))
    }
    guard stored.shape.count == 2 else {
      throw CheckpointError(
        path, .malformed("the tensor \"\(name)\" should have two axes, found \(stored.shape)"))
    }
    let numbers = stored.integers
    return (0..<stored.shape[0]).map { row in
      Array(numbers[(row * stored.shape[1])..<((row + 1) * stored.shape[1])])
    }
  }
}

extension StoredTensor {
  /// The bytes as 32-bit integers, little-endian.
  package var integers: [Int32] {
    let bytes = Array(bytes)
    return stride(from: 0, to: bytes.count - bytes.count % 4, by: 4).map { start in
      Int32(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
    }
  }
}

extension StoredTensor {
  /// The numbers of an F64 tensor; nil for other formats.
  package var doubles: [Double]? {
    guard format == "F64" else { return nil }
    let bytes = Array(bytes)
    return stride(from: 0, to: bytes.count, by: 8).map { start in
      Double(
        bitPattern: (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) })
    }
  }

  /// The truth values of a BOOL tensor; nil for other formats.
  package var switches: [Bool]? { format == "BOOL" ? bytes.map { $0 != 0 } : nil }
}

/// What the system says of a failure with a file, as part of a sentence.
package func reason(of error: any Error) -> String {
  if let error = error as? RegularFile.NotRegular { return error.reason }
  switch (error as? CocoaError)?.code {
  case .fileReadNoSuchFile, .fileNoSuchFile: return "there is no such file or directory"
  case .fileReadNoPermission, .fileWriteNoPermission: return "permission is denied"
  case .fileWriteOutOfSpace: return "the disk is full"
  case .fileReadUnknown: return "it is not a regular file"
  case .fileWriteFileExists: return "something else is there"
  case .fileReadInvalidFileName, .fileWriteInvalidFileName: return "the name is too long"
  case .fileWriteVolumeReadOnly: return "the disk cannot be written to"
  case .fileWriteUnknown where underlying(error) == .ENOTDIR:
    return "a part of the path is not a directory"
  default:
    let text = error.localizedDescription
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }
}

/// What the system itself calls a failure.
private func underlying(_ error: any Error) -> POSIXError.Code? {
  ((error as? CocoaError)?.underlying as? POSIXError)?.code
}
