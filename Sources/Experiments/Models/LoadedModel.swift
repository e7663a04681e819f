public import Engine
public import Tasks

/// A model, what is known of its circuit, and the hashes of its files.
public struct LoadedModel: Sendable {
  /// The model.
  public let model: Transformer
  /// The circuit that is known of it, with prompts.
  public let known: KnownCircuit?
  /// SHA-256 by file name.
  public let files: [String: String]

  /// Whether a task is the known circuit's own and has no other prompts.
  func isFixed(_ task: String) -> Bool {
    known.map { $0.prompts.isFixed && $0.prompts.name == task } ?? false
  }
}
