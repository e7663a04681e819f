#if canImport(CryptoKit)
  internal import CryptoKit
#else
  internal import CCrypto
#endif
public import Foundation

/// The SHA-256 of a file's bytes as hexadecimal digits; the file is read in pieces.
///
/// - Parameter url: A regular file.
/// - Returns: 64 digits.
/// - Throws: What Foundation says of a file that cannot be read.
public func sha256(of url: URL) throws -> String {
  let handle = try FileHandle(forReadingFrom: url)
  defer { try? handle.close() }
  var hash = RunningHash()
  while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(piece) }
  return hexadecimal(hash.finish())
}

/// The SHA-256 of bytes as 64 hexadecimal digits.
public func sha256(of bytes: Data) -> String {
  var hash = RunningHash()
  hash.update(bytes)
  return hexadecimal(hash.finish())
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { byte in
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
  }.joined()
}

#if canImport(CryptoKit)
  /// A SHA-256 of what has been read so far.
  private struct RunningHash {
    private var hash = SHA256()

    mutating func update(_ bytes: Data) { hash.update(data: bytes) }

    func finish() -> [UInt8] { Array(hash.finalize()) }
  }
#else
  /// A SHA-256 of what has been read so far; it owns the context that libcrypto keeps it in.
  @safe private struct RunningHash: ~Copyable {
    private let context: OpaquePointer

    init() {
      guard let context = unsafe EVP_MD_CTX_new(),
        unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
      else { preconditionFailure("libcrypto has no SHA-256") }
      unsafe self.context = unsafe context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    mutating func update(_ bytes: Data) {
      let status = unsafe bytes.withUnsafeBytes {
        unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count)
      }
      precondition(status == 1, "libcrypto refused to hash \(bytes.count) bytes")
    }

    func finish() -> [UInt8] {
      var digest = [UInt8](repeating: 0, count: 32)
      let status = unsafe EVP_DigestFinal_ex(context, &digest, nil)
      precondition(status == 1, "libcrypto refused to end a hash")
      return digest
    }
  }
#endif
