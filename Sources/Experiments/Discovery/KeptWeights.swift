import Engine
import Files
import Foundation
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
  /// What the method handed over beside scores.
  ///
  /// - Throws: ``ExperimentError`` when a file is there that cannot be read.
  func attachments() throws -> [String: Data] {
    let file = directory.appending(path: DiscoGP.weightFile)
    guard FileManager.default.fileExists(atPath: file.path) else { return [:] }
    do { return [DiscoGP.weightFile: try RegularFile.contents(file)] } catch {
      throw ExperimentError(
        "\(file.path): expected the weights that are kept: \(reason(of: error)).")
    }
  }
}
