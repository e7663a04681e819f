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

  @OptionGroup var files: FileOptions

  /// The models that need no file.
  private static let madeHere = [Transformer.bundledName] + PlantedCircuits.names

  /// A model that is named by another option.
  static func named(_ model: String, _ files: FileOptions) throws -> ModelArgument {
    var argument = try ModelArgument.parse([])
    (argument.model, argument.files) = (model, files)
    return argument
  }

  /// Where the model's file or directory is; nil for one that needs none.
  ///
  /// - Parameter directory: What a relative path is relative to; nil for the working directory.
  /// - Returns: The file or directory.
  /// - Throws: ``Failure`` when there is no such model.
  func location(relativeTo directory: URL? = nil) throws -> URL? {
    guard !model.isEmpty else {
      throw Failure("The model should be a directory, a file or a name.")
    }
    guard !Self.madeHere.contains(model) else { return nil }
    let url = URL(filePath: model, relativeTo: directory)
    if FileManager.default.fileExists(atPath: url.path) { return url.absoluteURL }
    guard let known = KnownModel.all.first(where: { $0.name == model }) else {
      let names = Self.madeHere + KnownModel.all.map(\.name)
      throw Failure(names.sentence(kind: "file, directory or known model", missing: model))
    }
    guard FileManager.default.fileExists(atPath: known.file.path) else {
      throw Failure(
        "The model \(model) has not been fetched yet: run \"edgewise fetch \(model)\" once.")
    }
    return known.file
  }

  /// Loads the model, with what is known of its circuit.
  func load(from location: URL?) throws -> LoadedModel {
    guard let location else {
      guard PlantedCircuits.names.contains(model) else {
        return LoadedModel(model: .bundled(), known: nil, files: [:])
      }
      let known = try PlantedCircuits.named(model)
      return LoadedModel(model: known.model, known: known, files: [:])
    }
    let transformer = try Transformer(contentsOf: location)
    return LoadedModel(
      model: transformer,
      known: CompiledProgram.isThere(location)
        ? try CompiledProgram.load(location, model: transformer) : nil,
      files: try fileHashes(of: location, by: files.hash))
  }
}

/// A model, what is known of its circuit, and the hashes of its files.
struct LoadedModel {
  let model: Transformer
  let known: KnownCircuit?
  let files: [String: String]

  /// Whether a task is the known circuit's own and has no other prompts.
  func isFixed(_ task: String) -> Bool {
    known.map { $0.prompts.isFixed && $0.prompts.name == task } ?? false
  }
}
