public import Engine
import Files
public import Foundation
import Hub
public import Models
import Tasks

/// A model by its path or name.
public struct ModelReference: Sendable, Hashable, Codable {
  /// A Hugging Face directory, a .gguf file, the name of a bundled or fetched model, or `ORG/NAME` in Hugging Face's cache.
  public let name: String

  /// Takes a path or name.
  public init(_ name: String = Transformer.bundledName) { self.name = name }

  /// Reads what ``encode(to:)`` wrote: the path or name.
  public init(from decoder: any Decoder) throws {
    name = try decoder.singleValueContainer().decode(String.self)
  }

  /// Writes the path or name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }

  /// The models that need no file.
  static let madeHere = [Transformer.bundledName] + PlantedCircuits.names

  /// The same model, a path as a whole one.
  ///
  /// - Returns: A reference that means the same in every working directory.
  /// - Throws: ``ExperimentError`` when there is no such model.
  public func absolute() throws -> ModelReference {
    guard let place = try place(), case .path(let url) = place else { return self }
    return ModelReference(url.standardizedFileURL.path)
  }

  /// Where the model's file or directory is; nil for one that needs none.
  ///
  /// - Throws: ``ExperimentError`` when there is no such model.
  public func location() throws -> URL? { try place()?.url }

  /// Where a model was found.
  private enum Place {
    case path(URL)
    case known(URL)
    case cached(URL)

    var url: URL {
      switch self {
      case .path(let url), .known(let url), .cached(let url): url
      }
    }
  }

  private func place() throws -> Place? {
    guard !name.isEmpty else {
      throw ExperimentError("The model should be a directory, a file or a name.")
    }
    guard !Self.madeHere.contains(name) else { return nil }
    let url = URL(path: name)
    if FileManager.default.fileExists(atPath: url.path) { return .path(url.absoluteURL) }
    guard let known = KnownModel.all.first(where: { $0.name == name }) else {
      return .cached(try cached())
    }
    guard FileManager.default.fileExists(atPath: known.file.path) else {
      throw ExperimentError(
        "The model \(name) has not been fetched yet: run \"edgewise fetch \(name)\" once.")
    }
    return .known(known.file)
  }

  /// The directory of a model in Hugging Face's cache.
  private func cached() throws -> URL {
    let hub = HubName(name)
    if let hub, let directory = try HubCache().directory(of: hub) { return directory }
    guard let hub, hub.hasOwner else {
      let names = Self.madeHere + KnownModel.all.map(\.name)
      throw ExperimentError(names.sentence(kind: "file, directory or known model", missing: name))
    }
    throw ExperimentError(
      """
      There is no file or directory "\(name)", and no model of that name in Hugging Face's cache at \
      \(HubCache().directory.path): run "edgewise fetch \(name)" once if it is one of Hugging Face's hub.
      """)
  }

  /// Loads the model, with what is known of its circuit.
  ///
  /// - Parameter readsFiles: Whether files are read anew for their hashes, also those whose size and date are as
  ///   they were.
  /// - Returns: The model.
  /// - Throws: ``ExperimentError`` and the errors of checkpoints, each a sentence for the user.
  public func load(verifying readsFiles: Bool = false) throws -> LoadedModel {
    guard let place = try place() else {
      guard PlantedCircuits.names.contains(name) else {
        return LoadedModel(model: .bundled(), known: nil, files: [:])
      }
      let known = try PlantedCircuits.named(name)
      return LoadedModel(model: known.model, known: known, files: [:])
    }
    let location = place.url
    // A commit, which is what the directory is called, would tell nobody which model it is.
    let isCached = if case .cached = place { true } else { false }
    let transformer = try Transformer(contentsOf: location, name: isCached ? name : nil)
    return LoadedModel(
      model: transformer,
      known: CompiledProgram.isThere(location)
        ? try CompiledProgram.load(location, model: transformer) : nil,
      files: try hashes(verifying: readsFiles))
  }

  /// The hashes of the model's files by their names; none for one that needs no file.
  ///
  /// - Throws: ``ExperimentError`` when there is no such model or a file cannot be read.
  func hashes(verifying readsFiles: Bool) throws -> [String: String] {
    try location().map { location in
      try fileHashes(of: location) {
        try HashMemory.sha256(of: $0, computesAnew: readsFiles)
      }
    } ?? [:]
  }
}
