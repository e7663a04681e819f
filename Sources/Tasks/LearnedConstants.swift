package import Engine
import Files
public import Foundation
import Graphs
import Tensors

/// The constants of an optimal ablation (arXiv 2409.09951), known by the file that holds them.
///
/// A file has the tensors `input`, and for each layer `heads.0`, before the output matrix, and `mlp.0`; its metadata
/// names the model and its writers.
public struct LearnedConstants: Sendable, Hashable {
  /// What the file is called in a directory that something wrote.
  public static let fileName = "constants.safetensors"

  /// The file, or the directory that holds it.
  public let path: String
  /// One row of writes; nil until the file was read.
  package private(set) var writes: CompactWrites?

  /// Names a file, which is not read yet.
  public init(path: String) { self.path = path }

  /// Constants that are at hand.
  package init(_ writes: CompactWrites, path: String) {
    self.path = path
    self.writes = writes
  }

  /// Whether two are of the same file.
  public static func == (left: LearnedConstants, right: LearnedConstants) -> Bool {
    left.path == right.path
  }

  /// Hashes the path.
  public func hash(into hasher: inout Hasher) { hasher.combine(path) }

  /// The file itself.
  public var file: URL {
    let url = URL(filePath: NSString(string: path).expandingTildeInPath).standardizedFileURL
    let isDirectory = try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory
    return isDirectory ?? false ? url.appending(path: Self.fileName) : url
  }
}

extension LearnedConstants {
  /// The same constants, read for a model.
  ///
  /// - Throws: ``CheckpointError`` when there is no such file, or it holds no constants of such a model.
  func read(for model: Transformer) throws(CheckpointError) -> LearnedConstants {
    let file = try Safetensors.read(file)
    let names = Self.names(of: model)
    guard case .text(let found) = file.metadata[Self.writersKey] else {
      throw CheckpointError(
        file.path,
        .malformed(
          """
          the file should hold learned constants, with "\(Self.writersKey)" in its metadata, as "edgewise constants" \
          writes them
          """))
    }
    guard found == Self.writers(of: model) else {
      throw CheckpointError(
        file.path,
        .malformed(
          """
          the constants are of a model with the writers \(found.shortened), where \(model.name) has \
          \(Self.writers(of: model).shortened)
          """))
    }
    var rows: [Tensor] = []
    for (name, row) in zip(names, model.zeroWrites(tokenCount: 1).tensors) {
      guard let stored = file.tensors[name] else {
        throw CheckpointError(file.path, .missingTensor(name, shape: [row.count]))
      }
      guard stored.shape == [row.count] else {
        throw CheckpointError(
          file.path, .wrongShape(tensor: name, expected: [row.count], found: stored.shape))
      }
      rows.append(
        Tensor(try file.read(name, stored).values(), shape: row.shape, on: model.device))
    }
    return LearnedConstants(CompactWrites(tensors: rows), path: path)
  }

  /// The bytes of a file of constants.
  ///
  /// - Parameters:
  ///   - writes: One row of writes.
  ///   - model: The model whose writers they stand for.
  ///   - metadata: What else is said of them.
  /// - Returns: The same bytes for the same constants.
  /// - Throws: An error of the JSON encoder.
  package static func safetensors(
    _ writes: CompactWrites, of model: Transformer, metadata: [String: String] = [:]
  ) throws -> Data {
    let rows = writes.tensors.map { $0.reshaped([$0.count]) }
    return try Safetensors.encode(
      Dictionary(uniqueKeysWithValues: zip(names(of: model), rows)),
      metadata: metadata.merging(["model": model.name, writersKey: writers(of: model)]) { $1 })
  }

  private static let writersKey = "writers"

  private static func writers(of model: Transformer) -> String {
    model.graph.writers.map(\.description).joined(separator: " ")
  }

  /// The tensors' names, in the order of `CompactWrites`.
  private static func names(of model: Transformer) -> [String] {
    let layers = 0..<model.configuration.layerCount
    return ["input"] + layers.map { "heads.\($0)" } + layers.map { "mlp.\($0)" }
  }
}
