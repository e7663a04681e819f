import Edgewise
import Foundation

/// Writes a line to stderr: stdout is for results.
func note(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

/// A progress bar on stderr, drawn only on a terminal.
final class ProgressBar {
  private let isShown: Bool
  private let start = ContinuousClock.now
  private var activity = ""
  private var activityStart = ContinuousClock.now
  /// What was done when the activity was first seen, as by a run that was interrupted.
  private var activityDone = 0

  init(isQuiet: Bool) { isShown = !isQuiet && isatty(FileHandle.standardError.fileDescriptor) == 1 }

  /// Seconds since the bar was made.
  var seconds: Double { Self.seconds(since: start) }

  func show(_ progress: RunProgress) {
    guard isShown else { return }
    if progress.activity != activity {
      (activity, activityStart, activityDone) = (progress.activity, .now, progress.done)
    }
    let share = Double(progress.done) / Double(max(progress.total, 1))
    let filled = Int(share * 24)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    let elapsed = Self.seconds(since: activityStart)
    let rate = Double(progress.done - activityDone) / max(elapsed, 1e-9)
    let left =
      progress.done > activityDone && progress.done < progress.total
      ? String(
        format: "%.1f/s, %.0f s left", rate, Double(progress.total - progress.done) / rate) : ""
    write(
      "\r\u{1B}[K\(progress.activity) \(bar) \(progress.done)/\(progress.total) \(left) \(progress.note)"
    )
    if progress.done == progress.total { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  private static func seconds(since start: ContinuousClock.Instant) -> Double {
    let parts = (ContinuousClock.now - start).components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }
}

extension Faithfulness {
  /// Says when a task cannot tell a circuit from nothing.
  func warnIfEmptyIsFull() {
    guard !isTelling else { return }
    note(
      """
      note: ablating every edge hardly changes the metric (\(Numbers.fixed(full.mean, 6)) to \
      \(Numbers.fixed(empty.mean, 6))), so faithfulness means nothing here; do the prompts of a pair differ?
      """)
  }
}
