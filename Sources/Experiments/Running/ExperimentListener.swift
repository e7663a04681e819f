public import Tasks

/// Who is told how an experiment goes on.
public struct ExperimentListener {
  /// Is told about progress.
  public let progress: RunProgress.Handler
  /// Is told what a reader of the results should know, in one sentence each.
  public let note: (String) -> Void

  /// Takes two handlers; nobody listens if nothing is said.
  public init(
    progress: @escaping RunProgress.Handler = { _ in }, note: @escaping (String) -> Void = { _ in }
  ) {
    self.progress = progress
    self.note = note
  }

  /// A listener that is told the same, and hands every note to `keep` too.
  func keeping(_ keep: @escaping (String) -> Void) -> ExperimentListener {
    ExperimentListener(progress: progress) {
      keep($0)
      note($0)
    }
  }
}
