import ArgumentParser
import Edgewise
import Foundation

/// The model that a command works on.
struct ModelArgument: ParsableArguments {
  @Argument(
    help: """
      A Hugging Face directory, a .gguf file, or the name of a bundled or fetched model. Without it, \
      the bundled \(Transformer.bundledName).
      """)
  var model: String = Transformer.bundledName

  /// Where the model's file or directory is; nil for the bundled one.
  ///
  /// - Parameter directory: What a relative path is relative to; nil for the working directory.
  /// - Returns: The file or directory.
  /// - Throws: ``Failure`` when there is no such model.
  func location(relativeTo directory: URL? = nil) throws -> URL? {
    guard model != Transformer.bundledName else { return nil }
    let url = URL(filePath: model, relativeTo: directory)
    if FileManager.default.fileExists(atPath: url.path) { return url.absoluteURL }
    guard let known = KnownModel.all.first(where: { $0.name == model }) else {
      throw Failure(
        """
        There is no file, directory or known model "\(model)"; known are \
        \(([Transformer.bundledName] + KnownModel.all.map(\.name)).joined(separator: ", ")).
        """)
    }
    guard FileManager.default.fileExists(atPath: known.file.path) else {
      throw Failure(
        "The model \(model) has not been fetched yet: run \"edgewise fetch \(model)\" once.")
    }
    return known.file
  }

  func load(from location: URL?) throws -> Transformer {
    try location.map { try Transformer(contentsOf: $0) } ?? .bundled()
  }
}

/// A failure in one sentence for the user; the command exits with 1.
struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
