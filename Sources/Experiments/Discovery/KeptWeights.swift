import Engine
import Files
import Foundation
import Hashing
import Methods

/// The weights that a method keeps, among the files that it hands over beside scores.
extension WeightMask {
  /// Reads them; nil where all weights are kept.
  ///
  /// - Parameters:
  ///   - files: Files by name.
  ///   - model: The model.
  /// - Throws: ``CheckpointError`` when the file is malformed or of another model.
  init?(in files: [String: Data], of model: Transformer) throws {
    guard let data = files[DiscoGP.weightFile] else { return nil }
    try self.init(data, of: model)
  }
}

extension FinishedRun {
  /// The weights that the run's circuits keep; nil for all.
  ///
  /// - Throws: ``ExperimentError`` when the file is not the run's any more, and ``CheckpointError`` when it is of another
  ///   model.
  func weights(of model: Transformer) throws -> WeightMask? {
    guard let data = try attachment(DiscoGP.weightFile) else { return nil }
    return try WeightMask(
      data, path: directory.appending(path: DiscoGP.weightFile).path, of: model)
  }

  /// All that the method handed over beside scores, by name.
  ///
  /// - Throws: ``ExperimentError`` when a file is not the run's any more.
  func attachments() throws -> [String: Data] {
    try attachmentHashes.keys.sorted().reduce(into: [:]) { $0[$1] = try attachment($1) }
  }

  /// A file that the method handed over beside scores; nil where it handed over no such file.
  private func attachment(_ name: String) throws -> Data? {
    guard let hash = attachmentHashes[name] else { return nil }
    let file = directory.appending(path: name)
    guard !name.contains("/"), let data = try? RegularFile.contents(file), sha256(of: data) == hash
    else {
      throw ExperimentError(
        "\(file.path): expected the file that the run wrote, which is gone or has changed; run discover again."
      )
    }
    return data
  }
}
