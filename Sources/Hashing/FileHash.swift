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
  var hash = RunningHash(.sha256)
  while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(piece) }
  return hexadecimal(hash.finish())
}

/// The SHA-1 that git calls a file of these bytes by, as 40 hexadecimal digits.
///
/// It tells what was damaged on the way, not what someone changed on purpose.
public func gitSHA1(of bytes: Data) -> String {
  var hash = RunningHash(.sha1)
  hash.update(Data("blob \(bytes.count)\0".utf8))
  hash.update(bytes)
  return hexadecimal(hash.finish())
}

/// The SHA-256 of bytes as 64 hexadecimal digits.
public func sha256(of bytes: Data) -> String {
  var hash = RunningHash(.sha256)
  hash.update(bytes)
  return hexadecimal(hash.finish())
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { byte in
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
  }.joined()
}

/// How bytes are hashed.
private enum HashKind {
  case sha1
  case sha256
}

#if canImport(CryptoKit)
  /// A hash of what has been read so far.
  private struct RunningHash {
    private var hash: any HashFunction

    init(_ kind: HashKind) { hash = kind == .sha1 ? Insecure.SHA1() : SHA256() }

    mutating func update(_ bytes: Data) { hash.update(data: bytes) }

    func finish() -> [UInt8] { Array(hash.finalize()) }
  }
#else
  /// A hash of what has been read so far; it owns the context that libcrypto keeps it in.
  @safe private struct RunningHash: ~Copyable {
    private let context: OpaquePointer

    init(_ kind: HashKind) {
      let function = unsafe kind == .sha1 ? EVP_sha1() : EVP_sha256()
      guard let context = unsafe EVP_MD_CTX_new(),
        unsafe EVP_DigestInit_ex(context, function, nil) == 1
      else { preconditionFailure("libcrypto has no \(kind)") }
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
      var digest = [UInt8](repeating: 0, count: 64)
      var count: UInt32 = 0
      let status = unsafe EVP_DigestFinal_ex(context, &digest, &count)
      precondition(status == 1, "libcrypto refused to end a hash")
      return Array(digest.prefix(Int(count)))
    }
  }
#endif
