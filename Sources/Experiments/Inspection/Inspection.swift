import Engine
import Files
import Foundation
import Graphs
public import Reports

/// What a model, a run, or a file of circuits, scores or tensors holds.
public struct Inspection: Sendable {
  private let contents: Contents

  private enum Contents: Sendable {
    case model(ModelSummary)
    case circuit(CircuitSummary)
    case tensors([TensorSummary])
  }

  /// How the names of files end that hold a circuit.
  private static let circuitKinds = ["json", "pt", "pth", "pkl", "pickle"]

  /// Looks into a file, a directory, or a model by its name.
  ///
  /// - Parameters:
  ///   - path: A model, a run's directory, a `.safetensors` file or a file with a circuit.
  ///   - model: The model of a circuit file, which those of ACDC and Edge Pruning need.
  ///   - readsFiles: Whether a model's files are read anew for their hashes.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public init(
    of path: String, model: ModelReference? = nil, verifying readsFiles: Bool = false
  ) throws {
    let url = URL(path: path)
    let load = { (model: ModelReference) in try model.load(verifying: readsFiles).model }
    if Self.circuitKinds.contains(url.pathExtension) {
      contents = .circuit(
        try CircuitSummary(file: url, graphs: model.map(load)?.graphs ?? []))
    } else if url.pathExtension == "safetensors" {
      contents =
        try EdgeScores(safetensors: url).map { .circuit(CircuitSummary(scores: $0)) }
        ?? .tensors(TensorListing.tensors(in: url).map(TensorSummary.init))
    } else if CircuitSource.circuitFile(url) != url {
      contents = .circuit(try CircuitSummary(run: url))
    } else {
      contents = .model(ModelSummary(try load(ModelReference(path))))
    }
  }

  /// What is there, for people.
  public func text(on page: Page = Page()) -> String {
    switch contents {
    case .model(let model): model.text(on: page)
    case .circuit(let circuit): circuit.text(on: page)
    case .tensors(let tensors): TensorSummary.table(tensors).text(on: page)
    }
  }

  /// All that is there as JSON with sorted keys.
  ///
  /// - Returns: An object with one key, which says what it is: `model`, `circuit` or `tensors`.
  /// - Throws: `EncodingError` when a score is NaN.
  public func json() throws -> String {
    switch contents {
    case .model(let model): try sortedJSON(["model": model])
    case .circuit(let circuit): try sortedJSON(["circuit": circuit])
    case .tensors(let tensors): try sortedJSON(["tensors": tensors])
    }
  }
}

/// A tensor of a file.
struct TensorSummary: Encodable {
  let name: String
  let format: String
  let shape: [Int]

  init(_ tensor: TensorListing.Entry) {
    (name, format, shape) = (tensor.name, tensor.format, tensor.shape)
  }

  static func table(_ tensors: [TensorSummary]) -> TextTable {
    var table = TextTable(["tensor": .left, "format": .left, "shape": .left])
    for tensor in tensors { table.add(tensor.name, tensor.format, "\(tensor.shape)") }
    return table
  }
}
