import Graphs
import Tensors

/// Why a checkpoint cannot be used: one file and what is wrong with it.
public struct CheckpointError: Error, Equatable, CustomStringConvertible {
  /// The file or directory.
  public let file: String
  /// What is wrong.
  public let problem: Problem

  /// Something that is wrong with a checkpoint.
  public enum Problem: Equatable, Sendable {
    /// The file cannot be opened.
    case unreadable(String)
    /// The path is neither a model directory nor a file of a known format.
    case notACheckpoint
    /// The file ends before something that it announces.
    case truncated(String)
    /// Something is not written as the format demands.
    case malformed(String)
    /// A tensor's bytes lie outside of the file, overlap another's or do not fit its shape.
    case badExtent(tensor: String, String)
    /// A tensor's numbers are in a format that is not read.
    case unsupportedFormat(tensor: String, String)
    /// The model needs a tensor that the checkpoint lacks.
    case missingTensor(String, shape: [Int])
    /// A tensor's shape does not follow from the configuration.
    case wrongShape(tensor: String, expected: [Int], found: [Int])
    /// Tensors that the model has no place for.
    case unusedTensors([String])
    /// A tensor holds NaN or an infinite number.
    case notFinite(tensor: String)
    /// A configuration field is missing or impossible.
    case badField(String, expected: String, found: String)
    /// The architecture is not one of the known families.
    case unknownFamily(String, known: [String])
    /// The model needs something that is not implemented.
    case unsupported(String)
  }

  package init(_ file: String, _ problem: Problem) {
    self.file = file
    self.problem = problem
  }

  /// One sentence for the user.
  public var description: String { "\(file): \(problem.sentence)" }
}

extension CheckpointError.Problem {
  fileprivate var sentence: String {
    switch self {
    case .unreadable(let reason): "the file cannot be read: \(reason)."
    case .notACheckpoint:
      """
      expected a directory with config.json and model.safetensors or pytorch_model.bin (or their index.json), or a \
      .gguf file.
      """
    case .truncated(let what):
      "the file ends inside \(what); it was probably not downloaded whole."
    case .malformed(let what): "\(what)."
    case .badExtent(let tensor, let reason): "tensor \"\(tensor.shortened)\" \(reason)."
    case .unsupportedFormat(let tensor, let format):
      """
      tensor "\(tensor.shortened)" is stored as \(format.shortened), which is not read; read are \
      \(ElementFormat.allCases.map(\.rawValue).joined(separator: ", ")).
      """
    case .missingTensor(let name, let shape):
      "the model needs a tensor \"\(name.shortened)\" of shape \(shape), which the checkpoint lacks."
    case .wrongShape(let tensor, let expected, let found):
      "tensor \"\(tensor.shortened)\" should have shape \(expected) by the configuration, found \(found)."
    case .unusedTensors(let names):
      """
      the model has no place for \(names.count) tensors: \(names.prefix(5).map(\.shortened).joined(separator: ", "))\
      \(names.count > 5 ? ", …" : "").
      """
    case .notFinite(let tensor):
      "tensor \"\(tensor.shortened)\" holds NaN or an infinite number."
    case .badField(let name, let expected, let found):
      "\"\(name.shortened)\" should be \(expected), found \(found)."
    case .unknownFamily(let found, let known):
      "the architecture \"\(found.shortened)\" is not known; known are \(known.joined(separator: ", "))."
    case .unsupported(let what): "\(what) is not supported."
    }
  }
}
