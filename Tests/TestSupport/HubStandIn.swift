package import Foundation
import Synchronization

/// A server on this machine that plays Hugging Face's hub for one model, and what goes wrong with it.
///
/// It answers one request on each connection, in order, from a thread of its own.
@safe package final class HubStandIn: Sendable {
  /// A request as it came.
  package struct Request: Sendable {
    package var path = ""
    /// By name in small letters.
    package var headers: [String: String] = [:]

    /// The first byte wanted.
    package var start: Int? {
      headers["range"].flatMap { Int($0.dropFirst("bytes=".count).prefix { $0.isNumber }) }
    }
  }

  /// What is sent back.
  package struct Answer: Sendable {
    package var status = 200
    package var headers: [String: String] = [:]
    package var body = Data()
    /// Nil for a whole answer; else after how many bytes of the body the connection breaks.
    package var breaksAfter: Int?

    package init(
      _ status: Int = 200, _ headers: [String: String] = [:], body: Data = Data(),
      breaksAfter: Int? = nil
    ) {
      (self.status, self.headers, self.body) = (status, headers, body)
      self.breaksAfter = breaksAfter
    }
  }

  /// The address of the server.
  package let endpoint: String
  private let socket: Int32
  private let state = Mutex<State>(State())

  private struct State {
    var requests: [Request] = []
    var answer: @Sendable (Request, Int) -> Answer = { _, _ in Answer(500) }
  }

  /// The requests so far.
  package var requests: [Request] { state.withLock { $0.requests } }

  /// Starts a server.
  ///
  /// - Parameter answer: What it answers to a request, and to which it is: 0 for the first.
  package init(_ answer: @escaping @Sendable (Request, Int) -> Answer) {
    let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isThere = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
        unsafe bind(socket, name, length) == 0 && listen(socket, 64) == 0
          && getsockname(socket, name, &length) == 0
      }
    }
    precondition(isThere, "no server can be started")
    self.socket = socket
    endpoint = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    state.withLock { $0.answer = answer }
    Thread.detachNewThread { [self] in serve() }
  }

  /// Ends the server.
  ///
  /// Its thread closes the socket when it sees that: closed here, the number could be that of another server's socket by the
  /// time the thread asks for the next connection.
  package func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

  private func serve() {
    while true {
      let connection = accept(socket, nil, nil)
      guard connection >= 0 else {
        close(socket)
        return
      }
      reply(connection)
      close(connection)
    }
  }

  private func reply(_ connection: Int32) {
    guard let request = read(connection) else { return }
    let answer = state.withLock { state in
      state.requests.append(request)
      return state.answer(request, state.requests.count - 1)
    }
    var head = "HTTP/1.1 \(answer.status) Answer\r\nConnection: close\r\n"
    head += "Content-Length: \(answer.body.count)\r\n"
    for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
    send(Data((head + "\r\n").utf8) + answer.body.prefix(answer.breaksAfter ?? .max), connection)
  }

  private func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      var byte: UInt8 = 0
      guard unsafe recv(connection, &byte, 1, 0) == 1 else { return nil }
      bytes.append(byte)
    }
    let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
    var request = Request()
    request.path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      request.headers[line[..<colon].lowercased()] =
        line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return request
  }

  private func send(_ data: Data, _ connection: Int32) {
    unsafe data.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count, let base = bytes.baseAddress {
        let count = unsafe Foundation.send(
          connection, base + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
        guard count > 0 else { return }
        sent += count
      }
    }
  }
}
