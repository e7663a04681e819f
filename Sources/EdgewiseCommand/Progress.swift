import Edgewise
import Foundation

/// Writes a line to stderr: stdout is for results.
func note(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

/// A progress bar on stderr, drawn only on a terminal.
final class ProgressBar {
  private let isShown: Bool
  private var line = ProgressLine()

  init(isQuiet: Bool) { isShown = !isQuiet && isatty(FileHandle.standardError.fileDescriptor) == 1 }

  func show(_ progress: RunProgress) {
    guard isShown else { return }
    write("\r\u{1B}[K\(line.text(progress))")
    if progress.done == progress.total { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  /// Shows progress here and says notes on stderr.
  var listener: ExperimentListener { ExperimentListener(progress: show, note: note) }
}
