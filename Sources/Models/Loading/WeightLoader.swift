import Engine
package import Files
import Tensors

/// Hands out a checkpoint's tensors by name and expected shape, and knows which were not asked for.
package struct WeightLoader {
  let path: String
  private let files: [TensorFile]
  private let places: [String: Int]
  private var unused: Set<String>
  /// The matrices that were handed out unread.
  private(set) var matrices: [(name: String, matrix: Tensor)] = []

  /// What a reader of results should know of how the files were understood.
  private(set) var notes: [String] = []

  /// - Throws: `CheckpointError` when two files have a tensor of one name.
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

  /// A matrix as it lies in the mapped file: neither read nor converted.
  ///
  /// - Throws: `CheckpointError` when it is missing or of another shape.
  mutating func matrix(_ name: String, _ shape: [Int]) throws(CheckpointError) -> Tensor {
    let (file, stored) = try stored(name, shape)
    let matrix = try file.map(name, stored)
    matrices.append((name, matrix))
    return matrix
  }

  /// A small tensor, or one that is to be laid out anew, in Float32.
  ///
  /// - Throws: `CheckpointError` when it is missing, of another shape, or not of finite numbers.
  mutating func tensor(_ name: String, _ shape: [Int]) throws(CheckpointError) -> Tensor {
    let (file, stored) = try stored(name, shape)
    return try file.read(name, stored)
  }

  private mutating func stored(
    _ name: String, _ shape: [Int]
  ) throws(CheckpointError) -> (TensorFile, StoredTensor) {
    guard let place = places[name], let stored = files[place].tensors[name] else {
      throw CheckpointError(path, .missingTensor(name, shape: shape))
    }
    guard stored.shape == shape else {
      throw CheckpointError(
        files[place].path, .wrongShape(tensor: name, expected: shape, found: stored.shape))
    }
    unused.remove(name)
    return (files[place], stored)
  }

  /// A matrix `[output, input]` and, if it has one, its bias.
  mutating func linear(
    _ name: String, _ output: Int, _ input: Int, hasBias: Bool = false
  ) throws(CheckpointError) -> Linear {
    Linear(
      weight: try matrix(name + ".weight", [output, input]),
      bias: hasBias ? try tensor(name + ".bias", [output]) : nil)
  }

  /// Keeps something that a reader of results should know.
  mutating func note(_ sentence: String) { notes.append("note: \(path): \(sentence).") }

  /// The unembedding: the embedding itself where both are tied.
  ///
  /// - Parameters:
  ///   - name: What a matrix of its own is called.
  ///   - embedding: The embedding and what it is called.
  ///   - isTied: Whether the configuration says that both are one.
  /// - Returns: The matrix `[vocabulary, dModel]`.
  /// - Throws: `CheckpointError` when it is missing or of another shape.
  mutating func unembedding(
    _ name: String, of embedding: (name: String, matrix: Tensor), isTied: Bool
  ) throws(CheckpointError) -> Linear {
    let name = name + ".weight"
    guard isTied else {
      guard contains(name) else {
        throw CheckpointError(
          path,
          .malformed(
            """
            the model needs a tensor "\(name)", which the checkpoint lacks: set "tie_word_embeddings" to true in \
            config.json if its head is its embedding, or get the file that holds it
            """))
      }
      return Linear(weight: try matrix(name, embedding.matrix.shape))
    }
    if let place = places[name], let own = files[place].tensors[name],
      let other = places[embedding.name].flatMap({ files[$0].tensors[embedding.name] })
    {
      if own.bytes != other.bytes {
        note(
          "the stored \"\(name)\" differs from the embedding that it is tied to, and is not used")
      }
      unused.remove(name)
    }
    return Linear(weight: embedding.matrix)
  }

  /// Passes over tensors that carry no weight of the model, such as stored attention masks.
  ///
  /// - Returns: Whether there are any.
  @discardableResult
  mutating func ignore(where isIgnored: (String) -> Bool) -> Bool {
    let kept = unused.filter { !isIgnored($0) }
    defer { unused = kept }
    return kept.count < unused.count
  }

  /// - Throws: `CheckpointError` when tensors are left that nothing asked for.
  func finish() throws(CheckpointError) {
    guard unused.isEmpty else {
      throw CheckpointError(path, .unusedTensors(unused.sorted()))
    }
  }
}
