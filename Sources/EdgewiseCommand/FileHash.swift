import Crypto
import Foundation

/// The SHA-256 of a file as hexadecimal digits, read in pieces.
func sha256(of url: URL) throws -> String {
  let handle = try FileHandle(forReadingFrom: url)
  defer { try? handle.close() }
  var hash = SHA256()
  while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
  return hash.finalize().map { byte in
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
  }.joined()
}

/// The hashes of the files that a model was read from, by name; of one file or a directory's.
func fileHashes(of url: URL) throws -> [String: String] {
  let isDirectory = (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
  guard isDirectory else { return [url.lastPathComponent: try sha256(of: url)] }
  let read = ["json", "safetensors", "txt"]
  let files = try FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil)
    .filter { read.contains($0.pathExtension) }
  return Dictionary(
    uniqueKeysWithValues: try files.map { ($0.lastPathComponent, try sha256(of: $0)) })
}
