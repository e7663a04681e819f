import Experiments
import Tasks
import Testing

/// The line that says how far a run has come.
@Suite struct ProgressLineTests {
  @Test func `it fits 60 columns, whatever is said`() {
    for activity in ["a", "scoring edges", String(repeating: "long ", count: 20)] {
      for note in ["", "120 edges are kept so far, 3 of 30 layers are done"] {
        var line = ProgressLine()
        for done in [0, 1, 99_999, 1_000_000] {
          let progress = RunProgress(activity, done: done, total: 1_000_000, note: note)
          let text = line.text(progress, at: Double(done))
          #expect(text.count <= 60, "\(text.count): \(text)")
          #expect(text.hasPrefix(activity.prefix(20)))
        }
      }
    }
  }

  /// 30 of 130 steps in 10 s, of which 20 were done before: 10 steps take 10 s.
  @Test func `time left is of what was done here`() {
    var line = ProgressLine()
    let first = line.text(RunProgress("x", done: 20, total: 130), at: 5)
    #expect(!first.contains("left"))
    let later = line.text(RunProgress("x", done: 30, total: 130), at: 15)
    #expect(later.hasSuffix("30/130 2 min left"), "\(later)")
    // The bar is a third full at a third.
    let third = line.text(RunProgress("y", done: 1, total: 3), at: 20)
    #expect(third.count { $0 == "█" } == 8 && third.count { $0 == "░" } == 16, "\(third)")
    let done = line.text(RunProgress("y", done: 3, total: 3), at: 30)
    #expect(!done.contains("left") && !done.contains("░"))
  }
}
