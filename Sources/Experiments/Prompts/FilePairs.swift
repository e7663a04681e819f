import Engine
import Foundation
import Tasks
import Tensors

/// The pairs of a task's file: those that circuits are found on, and those that are held out.
struct FilePairs {
  /// A pair with its number in the file, from 1 on.
  typealias Numbered = (pair: PromptPair, number: Int)

  let found: [Numbered]
  let heldOut: [Numbered]
  /// How many were left out because they cannot be used.
  let leftOutCount: Int
  /// What a reader of results should know of them.
  let notes: [String]

  /// Reads a file, and holds out some of its pairs.
  ///
  /// By the file's records, so that a pair that some tokenizer leaves out moves no other.
  ///
  /// - Throws: `TaskError` for a file that cannot be read or is no task.
  init(
    _ file: URL, _ plan: TaskPlan, _ metric: any Metric, model: Transformer
  ) throws(TaskError) {
    let contents = try TaskFile.read(file, model: model, reading: plan.reading, metric: metric)
    notes = contents.notes
    leftOutCount = contents.skippedCount
    let records = Self.heldOut(plan, of: contents.pairs.count + leftOutCount)
    let all = zip(contents.pairs, contents.numbers).map { (pair: $0, number: $1) }
    let held = all.filter { records.contains($0.number) }
    (found, heldOut) = (all.filter { !records.contains($0.number) }, held)
  }

  /// Takes pairs that were read before.
  init(found: [PromptPair], heldOut: [PromptPair], leftOutCount: Int) {
    let all = (found + heldOut).enumerated().map { (pair: $1, number: $0 + 1) }
    self.found = Array(all.prefix(found.count))
    self.heldOut = Array(all.dropFirst(found.count))
    self.leftOutCount = leftOutCount
    notes = []
  }

  /// Some of the pairs, in the file's order; all that there are where none are held out.
  func pairs(_ part: TaskPlan.Part) -> [Numbered] {
    switch part {
    case .found: found
    case .heldOut: heldOut.isEmpty ? found : heldOut
    case .whole: (found + heldOut).sorted { $0.number < $1.number }
    }
  }

  /// The numbers, from 1 on, of those of a file's records that are held out; none of fewer than four.
  private static func heldOut(_ plan: TaskPlan, of count: Int) -> Set<Int> {
    let number = Int((Double(count) * plan.holdout).rounded(.down))
    guard count >= 4, number > 0 else { return [] }
    var generator = SeededGenerator(seed: plan.seed)
    return Set((1...count).shuffled(using: &generator).prefix(number))
  }
}
