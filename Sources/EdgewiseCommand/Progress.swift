import Edgewise
import Foundation

/// Writes a line to stderr: stdout is for results.
func note(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

/// A progress bar on stderr, drawn only on a terminal.
final class ProgressBar {
  private let isShown: Bool
  private let clock = ExperimentClock()
  private var activity = ""
  private var activityStart = 0.0
  /// What was done when the activity was first seen, as by a run that was interrupted.
  private var activityDone = 0

  init(isQuiet: Bool) { isShown = !isQuiet && isatty(FileHandle.standardError.fileDescriptor) == 1 }

  /// Seconds since the bar was made.
  var seconds: Double { clock.seconds }

  func show(_ progress: RunProgress) {
    guard isShown else { return }
    if progress.activity != activity {
      (activity, activityStart, activityDone) = (progress.activity, seconds, progress.done)
    }
    let share = Double(progress.done) / Double(max(progress.total, 1))
    let filled = Int(share * 24)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    let elapsed = seconds - activityStart
    let rate = Double(progress.done - activityDone) / max(elapsed, 1e-9)
    let left =
      progress.done > activityDone && progress.done < progress.total
      ? "\(Numbers.duration(Double(progress.total - progress.done) / rate)) left" : ""
    write(
      "\r\u{1B}[K\(progress.activity) \(bar) \(progress.done)/\(progress.total) \(left) \(progress.note)"
    )
    if progress.done == progress.total { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

extension ProgressBar {
  /// Shows progress here and says notes on stderr.
  var listener: ExperimentListener { ExperimentListener(progress: show, note: note) }
}
