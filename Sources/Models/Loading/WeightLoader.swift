import Engine
package import Files
import Tensors

/// Hands out a checkpoint's tensors by name and expected shape, and knows which were not asked for.
package struct WeightLoader {
  let path: String
  private let files: [TensorFile]
  private let places: [String: Int]
  private var unused: Set<String>

  /// - Throws: ``CheckpointError`` when two files have a tensor of one name.
  package init(path: String, files: [TensorFile]) throws(CheckpointError) {
    self.path = path
    self.files = files
    var places: [String: Int] = [:]
    for (index, file) in files.enumerated() {
      for name in file.tensors.keys.sorted() {
        if let other = places.updateValue(index, forKey: name) {
          throw CheckpointError(
            file.path, .badExtent(tensor: name, "is in \(files[other].path) too"))
        }
      }
    }
    self.places = places
    unused = Set(places.keys)
  }

  func contains(_ name: String) -> Bool { places[name] != nil }

  /// Converts a tensor.
  ///
  /// - Throws: ``CheckpointError`` when it is missing, of another shape, or not of finite numbers.
  mutating func tensor(_ name: String, _ shape: [Int]) throws(CheckpointError) -> Tensor {
    guard let place = places[name], let stored = files[place].tensors[name] else {
      throw CheckpointError(path, .missingTensor(name, shape: shape))
    }
    guard stored.shape == shape else {
      throw CheckpointError(
        files[place].path, .wrongShape(tensor: name, expected: shape, found: stored.shape))
    }
    unused.remove(name)
    return try files[place].read(name, stored)
  }

  /// A matrix `[output, input]` and, if it has one, its bias.
  mutating func linear(
    _ name: String, _ output: Int, _ input: Int, hasBias: Bool = false
  ) throws(CheckpointError) -> Linear {
    Linear(
      weight: try tensor(name + ".weight", [output, input]),
      bias: hasBias ? try tensor(name + ".bias", [output]) : nil)
  }

  /// A norm's scale and, when it centres, bias.
  mutating func norm(
    _ name: String, _ configuration: TransformerConfiguration
  ) throws(CheckpointError) -> Normalization {
    let width = [configuration.dModel]
    return Normalization(
      scale: try tensor(name + ".weight", width),
      bias: configuration.norm == .layer ? try tensor(name + ".bias", width) : nil,
      epsilon: configuration.normEpsilon, kind: configuration.norm)
  }

  /// Passes over tensors that carry no weight of the model, such as stored attention masks.
  mutating func ignore(where isIgnored: (String) -> Bool) {
    unused = unused.filter { !isIgnored($0) }
  }

  /// - Throws: ``CheckpointError`` when tensors are left that nothing asked for.
  func finish() throws(CheckpointError) {
    guard unused.isEmpty else {
      throw CheckpointError(path, .unusedTensors(unused.sorted()))
    }
  }
}
