public import Engine
public import Files
public import Foundation

extension Transformer {
  /// Loads a model: a Hugging Face directory or a GGUF file.
  ///
  /// A directory has `config.json` and `model.safetensors`, or several files that
  /// `model.safetensors.index.json` lists; and `tokenizer.json` or `vocab.json` with `merges.txt`
  /// if it has a tokenizer; TransformerLens' names are known too. A GGUF file (version 3, architecture `llama`) has all in one.
  /// Files stay mapped into memory, and matrices in the format they are stored in: numbers are converted where a
  /// product uses them.
  ///
  /// - Parameter url: The directory or file.
  /// - Throws: `CheckpointError`, which names the file and what is wrong with it.
  public init(contentsOf url: URL) throws(CheckpointError) {
    var isDirectory: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
      throw CheckpointError(url.path, .unreadable("there is no such file or directory"))
    }
    if isDirectory.boolValue {
      try self.init(directory: url)
    } else if url.pathExtension == "gguf" {
      try self.init(gguf: url)
    } else {
      throw CheckpointError(url.path, .notACheckpoint)
    }
  }

  private init(directory: URL) throws(CheckpointError) {
    let configURL = directory.appending(path: "config.json")
    guard FileManager.default.fileExists(atPath: configURL.path) else {
      throw CheckpointError(directory.path, .notACheckpoint)
    }
    let fields = try Fields(json: configURL)
    // TransformerLens' own configurations do not name a type.
    let type =
      fields.text("model_type") ?? (fields.contains("n_layers") ? TransformerLens.name : nil)
    let family = try ModelFamilies.family(type, ModelFamilies.directories, fields)
    let loader = try WeightLoader(path: directory.path, files: try Self.files(in: directory))
    let tokenizer = try BytePairTokenizer(directory: directory, family: family.name)
    try self.init(directory, family, fields, loader, tokenizer)
  }

  private init(gguf url: URL) throws(CheckpointError) {
    let file = try GGUF.read(url)
    let fields = Fields(file: url.path, values: file.metadata)
    let family = try ModelFamilies.family(
      fields.text("general.architecture"), ModelFamilies.ggufArchitectures, fields)
    let loader = try WeightLoader(path: url.path, files: [file])
    try self.init(url, family, fields, loader, try BytePairTokenizer(gguf: fields))
  }

  private init(
    _ url: URL, _ family: any ModelFamily.Type, _ fields: Fields, _ loader: WeightLoader,
    _ tokenizer: (any Tokenizer)?
  ) throws(CheckpointError) {
    var loader = loader
    let (configuration, weights) = try family.load(fields, &loader)
    try loader.finish()
    if let tokenizer, tokenizer.largestToken >= configuration.vocabularySize {
      throw CheckpointError(
        url.path,
        .malformed(
          """
          the tokenizer has a token \(tokenizer.largestToken), but the model knows only \
          \(configuration.vocabularySize) tokens
          """))
    }
    self.init(
      name: (url.pathExtension == "gguf" ? url.deletingPathExtension() : url).lastPathComponent,
      configuration: configuration, weights: weights, tokenizer: tokenizer,
      matrices: loader.matrices)
  }

  /// The safetensors files of a directory: one, or those that an index lists.
  private static func files(in directory: URL) throws(CheckpointError) -> [TensorFile] {
    let index = directory.appending(path: "model.safetensors.index.json")
    guard FileManager.default.fileExists(atPath: index.path) else {
      return [try Safetensors.read(directory.appending(path: "model.safetensors"))]
    }
    guard let map = try Fields(json: index).object("weight_map") else {
      throw CheckpointError(index.path, .malformed("the index should have a \"weight_map\""))
    }
    var names: Set<String> = []
    for tensor in map.values.keys.sorted() {
      guard let name = map.text(tensor), !name.contains("/") else {
        throw CheckpointError(
          index.path,
          .badField(tensor, expected: "a file's name", found: "\(map.values[tensor] ?? .null)"))
      }
      names.insert(name)
    }
    var files: [TensorFile] = []
    for name in names.sorted() {
      files.append(try Safetensors.read(directory.appending(path: name)))
    }
    return files
  }
}
