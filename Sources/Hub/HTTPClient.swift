internal import CCurl
import Foundation

/// What a server answered, but for the body.
struct HTTPResponse {
  var status = 0
  /// By name in small letters.
  var headers: [String: String] = [:]

  /// Takes a line of the answer; the first one of an answer forgets those of the redirection before it.
  mutating func take(_ line: String) {
    if line.hasPrefix("HTTP/") {
      self = HTTPResponse()
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = line.firstIndex(of: ":") {
      headers[line[..<colon].lowercased()] =
        line[line.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
}

/// Why no answer came, or not all of it, in curl's words.
struct ConnectionFailure: Error {
  let words: String
}

/// Asks servers over HTTP, one question after another on a connection that is kept.
///
/// Redirections are followed, to HTTPS only where the question is one of HTTPS; the token goes to no other host.
@safe final class HTTPClient {
  private let handle: UnsafeMutableRawPointer
  private let problem = Problem()

  /// - Parameters:
  ///   - token: What the server knows the user by; nil for nobody.
  ///   - patience: After how many seconds without a byte a connection counts as broken.
  init(token: String?, patience: Int) {
    guard Self.isReady, let handle = unsafe curl_easy_init() else {
      preconditionFailure("libcurl cannot be set up")
    }
    unsafe self.handle = unsafe handle
    unsafe ccurl_set_number(handle, CURLOPT_NOSIGNAL, 1)
    unsafe ccurl_set_number(handle, CURLOPT_FOLLOWLOCATION, 1)
    unsafe ccurl_set_number(handle, CURLOPT_MAXREDIRS, 10)
    unsafe ccurl_set_number(handle, CURLOPT_CONNECTTIMEOUT, patience)
    unsafe ccurl_set_number(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
    unsafe ccurl_set_number(handle, CURLOPT_LOW_SPEED_TIME, patience)
    unsafe ccurl_set_text(handle, CURLOPT_USERAGENT, "edgewise")
    unsafe ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, problem.buffer.baseAddress)
    unsafe ccurl_set_receiver(handle, CURLOPT_HEADERFUNCTION, receiveHeader)
    unsafe ccurl_set_receiver(handle, CURLOPT_WRITEFUNCTION, receiveBody)
    // Where the system's certificates are depends on the system that libcurl was built for.
    if let file = ProcessInfo.processInfo.environment["SSL_CERT_FILE"], !file.isEmpty {
      unsafe ccurl_set_text(handle, CURLOPT_CAINFO, file)
    }
    if let token { unsafe ccurl_set_token(handle, token) }
  }

  deinit { unsafe curl_easy_cleanup(handle) }

  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// Asks for what is at an address.
  ///
  /// - Parameters:
  ///   - url: The address.
  ///   - start: The first byte wanted.
  ///   - receive: Is handed the body of an answer of success, in pieces.
  /// - Returns: The answer, whatever its status.
  /// - Throws: ``ConnectionFailure``, and what `receive` throws.
  func get(
    _ url: URL, from start: Int = 0, receive: (HTTPResponse, Data) throws -> Void
  ) throws -> HTTPResponse {
    try withoutActuallyEscaping(receive) { receive in
      let exchange = Exchange(receive)
      unsafe ccurl_restrict(handle, url.scheme == "http" ? 1 : 0)
      unsafe ccurl_set_text(handle, CURLOPT_URL, url.absoluteString)
      unsafe ccurl_set_text(handle, CURLOPT_RANGE, start > 0 ? "\(start)-" : nil)
      let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
      unsafe ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context)
      unsafe ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context)
      problem.clear()
      let code = unsafe curl_easy_perform(handle)
      if let failure = exchange.failure { throw failure }
      guard code == CURLE_OK else {
        let words = unsafe String(cString: curl_easy_strerror(code))
        throw ConnectionFailure(words: problem.text ?? words)
      }
      return exchange.response
    }
  }

  /// Where curl says what went wrong.
  @safe private final class Problem {
    let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 256)

    init() { clear() }

    deinit { unsafe buffer.deallocate() }

    func clear() { unsafe buffer.update(repeating: 0) }

    var text: String? {
      guard let base = unsafe buffer.baseAddress else { return nil }
      let text = unsafe String(cString: base)
      return text.isEmpty ? nil : text
    }
  }
}

/// An answer while it comes in.
private final class Exchange {
  var response = HTTPResponse()
  var failure: (any Error)?
  private let receive: (HTTPResponse, Data) throws -> Void

  init(_ receive: @escaping (HTTPResponse, Data) throws -> Void) { self.receive = receive }

  /// Hands a piece of a body on; false when no more is wanted.
  func take(_ body: Data) -> Bool {
    guard (200..<300).contains(response.status) else { return true }
    do {
      try receive(response, body)
      return true
    } catch {
      failure = error
      return false
    }
  }

  static func of(_ context: UnsafeMutableRawPointer?) -> Exchange? {
    unsafe context.map { unsafe Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
  }
}

private func receiveHeader(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let bytes = unsafe bytes, let exchange = unsafe Exchange.of(context) else { return 0 }
  let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
  unsafe exchange.response.take(String(decoding: line, as: UTF8.self))
  return size * count
}

private func receiveBody(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let bytes = unsafe bytes, let exchange = unsafe Exchange.of(context) else { return 0 }
  let isWanted = unsafe exchange.take(Data(bytes: bytes, count: size * count))
  // Another number than that of the bytes ends the transfer.
  return isWanted ? size * count : 0
}
