import Engine
import Files
import Foundation
import Methods
import Tasks

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
    var files: [String: Data] = [:]
    for name in [DiscoGP.weightFile, LearnedConstants.fileName, PromptGate.fileName] {
      let file = directory.appending(path: name)
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      do { files[name] = try RegularFile.contents(file) } catch {
        throw ExperimentError("\(file.path): expected a file of the run: \(reason(of: error)).")
      }
    }
    return files
  }
}
