import Engine
public import Foundation
import Graphs
public import Reports
import Tasks

/// Constants that were learned, and what they change.
public struct ConstantsRun: Sendable {
  /// The loss on some prompts.
  public struct Row: Sendable, Encodable {
    /// What is said of the prompts.
    public let prompts: String
    /// With each writer's mean over the corrupted prompts that constants were learned on.
    public let before: Double
    /// With the learned constants.
    public let after: Double
  }

  struct Record: Sendable, Encodable {
    let version = edgewiseVersion
    let model: String
    let intact: String
    let metric: String
    let steps: Int
    let rate: Double
    let seed: UInt64
    let files: RunRecord.Files
    let rows: [Row]
    let notes: [String]
  }

  let model: Transformer
  /// One row of writes.
  let constants: CompactWrites
  let record: Record

  /// The loss before and after, on the prompts that constants were learned on and on those that were held out.
  public var rows: [Row] { record.rows }

  /// What was run, and the losses as a table.
  public func text(on page: Page = Page()) -> String {
    """
    \(model.heading(model.graph))
    \(record.intact)
    \(Numbers.count(record.steps, "step")), rate \(Numbers.short(record.rate))

    \(table.text(on: page))
    """
  }

  private var table: TextTable {
    var table = TextTable([
      "prompts": .left, "−\(record.metric) with means": .right, "learned": .right,
    ])
    for row in rows { table.add(row.prompts, Numbers.short(row.before), Numbers.short(row.after)) }
    return table
  }

  /// All but the constants as JSON with sorted keys.
  ///
  /// - Throws: `EncodingError`.
  public func json() throws -> String { try sortedJSON(record) }

  /// The files of a directory, by name: `constants.safetensors`, which `optimal:` takes, and `constants.json`.
  ///
  /// - Throws: `EncodingError`.
  public func files() throws -> [String: Data] {
    [
      LearnedConstants.fileName: try LearnedConstants.safetensors(
        constants, of: model, metadata: ["metric": record.metric, "intact": record.intact]),
      "constants.json": Data((try json() + "\n").utf8),
    ]
  }
}
