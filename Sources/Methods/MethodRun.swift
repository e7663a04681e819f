public import Foundation
public import Graphs
public import Tasks

/// What a running method tells its caller, and where it keeps how far it has come.
public struct MethodRun {
  /// Is told about progress.
  public let progress: RunProgress.Handler
  private let states: ResumeStates?
  /// Is given what a method makes beside scores, such as learned constants: a file's name and what it holds.
  private let attachments: (_ name: String, _ contents: Data) -> Void

  /// Where a long method keeps how far it has come.
  ///
  /// A method that goes on from a kept state ends in the same scores, bit by bit, as one that was not
  /// interrupted.
  public struct ResumeStates {
    /// The state that an interrupted run left; nil to start from the beginning.
    public let saved: Data?
    /// Is offered every state from which the method could go on; it makes those that it wants to keep.
    public let save: (_ make: () throws -> Data) -> Void

    /// Takes a kept state and a place for new ones.
    public init(saved: Data? = nil, save: @escaping (_ make: () throws -> Data) -> Void) {
      self.saved = saved
      self.save = save
    }
  }

  /// Describes a run.
  ///
  /// - Parameters:
  ///   - progress: Is told about progress.
  ///   - states: Where states are kept; nil to keep none.
  ///   - attachments: Is given the name and the contents of each file that belongs beside the scores.
  public init(
    progress: @escaping RunProgress.Handler = { _ in }, states: ResumeStates? = nil,
    attachments: @escaping (_ name: String, _ contents: Data) -> Void = { _, _ in }
  ) {
    self.progress = progress
    self.states = states
    self.attachments = attachments
  }

  /// Hands over a file that belongs beside the scores, such as learned constants.
  ///
  /// - Parameters:
  ///   - name: The file's name in a run's directory.
  ///   - contents: What it holds.
  public func attach(_ name: String, _ contents: Data) { attachments(name, contents) }

  /// Hands over a file of tensors, whose encoding cannot fail.
  func attach(_ name: String, _ make: () throws -> Data) {
    do { attach(name, try make()) } catch { preconditionFailure("\(name): \(error)") }
  }

  /// The state that an interrupted run left; nil to start from the beginning.
  ///
  /// - Parameters:
  ///   - type: What ``keep(_:)`` was given.
  ///   - fits: Whether a state belongs to this method and problem.
  /// - Returns: The state.
  /// - Throws: ``MethodError/foreignState`` when it is not such a state or does not fit.
  public func restored<State: Decodable>(
    _ type: State.Type, if fits: (State) -> Bool
  ) throws(MethodError) -> State? {
    guard let data = states?.saved else { return nil }
    guard let state = try? JSONDecoder().decode(State.self, from: data), fits(state) else {
      throw .foreignState
    }
    return state
  }

  /// Offers a state from which the method could go on.
  ///
  /// - Parameter state: Is made only if it is to be kept.
  public func keep(_ state: @autoclosure () -> some Encodable) {
    keep(data: { try JSONEncoder().encode(state()) })
  }

  /// The bytes that an interrupted run left; nil to start from the beginning.
  public var saved: Data? { states?.saved }

  /// Offers bytes from which the method could go on.
  ///
  /// - Parameter make: Is called only if they are to be kept.
  public func keep(data make: () throws -> Data) { states?.save(make) }
}

extension DiscoveryMethod {
  /// Scores every edge without keeping how far it has come.
  ///
  /// - Parameters:
  ///   - problem: The model, task, graph and ablation.
  ///   - progress: Is told about every step.
  /// - Returns: A score for every edge of the problem's graph.
  /// - Throws: ``MethodError`` when the method cannot say anything about the problem.
  public func scores(
    for problem: DiscoveryProblem, progress: @escaping RunProgress.Handler = { _ in }
  ) throws(MethodError) -> EdgeScores {
    try scores(for: problem, run: MethodRun(progress: progress))
  }
}
