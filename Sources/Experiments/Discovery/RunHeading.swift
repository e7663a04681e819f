import Files
import Foundation
import Reports

/// What a run's record says of the run, for those who only want to name it.
struct RunHeading: Codable, Sendable {
  let model: String
  let task: String
  let method: String
  let metric: String
  let nodes: [NodeRecord]?

  /// The heading of the run in a directory; nil where there is no record.
  ///
  /// - Throws: ``ExperimentError`` when there is one that is not a run's.
  static func read(_ directory: URL) throws -> RunHeading? {
    let url = directory.appending(path: "run.json")
    guard let data = try? RegularFile.contents(url) else { return nil }
    guard let heading = try? JSONDecoder().decode(RunHeading.self, from: data) else {
      throw ExperimentError(
        "\(url.path): expected the record of a run, with model, task, method and metric.")
    }
    return heading
  }

  /// A line each for the model, the task and the method with its metric.
  var lines: [String] { [model, task, "\(method), \(metric)"] }
}
