/// How far a long run has come.
public struct RunProgress: Sendable, Equatable {
  /// What is being done, such as "scoring edges".
  public let activity: String
  /// Steps done.
  public let done: Int
  /// Steps in all.
  public let total: Int
  /// What else is to be said, such as how many edges are kept so far.
  public let note: String

  /// A state of a run.
  public init(_ activity: String, done: Int, total: Int, note: String = "") {
    self.activity = activity
    self.done = done
    self.total = total
    self.note = note
  }

  /// Is told about progress, from the thread that called the run.
  public typealias Handler = (RunProgress) -> Void
}
