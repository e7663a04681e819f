import Reports
package import Tasks

/// How far an experiment has come, as a line of at most 60 columns: what is done, a bar, and how long it will take.
package struct ProgressLine {
  private let clock = ExperimentClock()
  private var activity = ""
  private var start = 0.0
  /// What was done when the activity was first seen, as by a run that was interrupted.
  private var startDone = 0

  /// How long the line may be.
  package static let width = 60

  package init() {}

  /// The line; what does not fit is left out, the note first.
  package mutating func text(_ progress: RunProgress) -> String {
    text(progress, at: clock.seconds)
  }

  /// The line at a time in seconds.
  package mutating func text(_ progress: RunProgress, at seconds: Double) -> String {
    if progress.activity != activity {
      (activity, start, startDone) = (progress.activity, seconds, progress.done)
    }
    let rate = Double(progress.done - startDone) / max(seconds - start, 1e-9)
    let isTelling = progress.done > startDone && progress.done < progress.total
    let left =
      isTelling ? Numbers.duration(Double(progress.total - progress.done) / rate) + " left" : ""
    let count = "\(progress.done)/\(progress.total)"
    let share = Double(progress.done) / Double(max(progress.total, 1))
    let words = [activity, "", count, left, progress.note]
    let length = words.map(\.count).reduce(words.count - 1, +)
    // The bar takes what room there is.
    let bar = Self.bar(share, width: min(max(Self.width - length, 8), 24))
    return String(
      [activity, bar, count, left, progress.note].filter { !$0.isEmpty }.joined(separator: " ")
        .prefix(Self.width))
  }

  private static func bar(_ share: Double, width: Int) -> String {
    let filled = Int(share * Double(width))
    return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
  }
}
