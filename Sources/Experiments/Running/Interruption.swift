import Dispatch
import Foundation
import Synchronization

/// What is done before a signal ends the process: made directories go, and a kept state is told of.
///
/// A process has one answer to each signal, so there is one list of what is to be done.
struct Interruption {
  private struct Actions {
    var next = 0
    var all: [(id: Int, act: @Sendable () -> Void)] = []
    var isListening = false
  }

  private static let actions = Mutex(Actions())
  private let id: Int

  /// Does something when a signal comes, before what was asked for before, until ``end()``.
  init(_ act: @escaping @Sendable () -> Void) {
    let (id, isFirst) = Self.actions.withLock { actions in
      actions.next += 1
      actions.all.append((actions.next, act))
      defer { actions.isListening = true }
      return (actions.next, !actions.isListening)
    }
    self.id = id
    if isFirst { Self.listen() }
  }

  /// Forgets what was to be done.
  func end() { Self.actions.withLock { actions in actions.all.removeAll { $0.id == id } } }

  /// Runs `body` to its end before a signal may end the process.
  static func held<Result>(_ body: () throws -> Result) rethrows -> Result {
    try actions.withLock { _ in try body() }
  }

  private static func listen() {
    for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] where SystemCalls.takeOver(number) {
      let source = DispatchSource.makeSignalSource(
        signal: number, queue: .global(qos: .userInteractive))
      source.setEventHandler {
        actions.withLock { actions in
          for action in actions.all.reversed() { action.act() }
          // Other threads are at work: nothing of theirs may be torn down.
          _exit(128 + number)
        }
        // A source is heard as long as somebody holds it.
        withExtendedLifetime(source) {}
      }
      source.resume()
    }
  }
}
