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
  /// - Parameters:
  ///   - url: The directory or file.
  ///   - name: What results call the model; nil for the directory's or file's own name.
  /// - Throws: `CheckpointError`, which names the file and what is wrong with it.
  public init(contentsOf url: URL, name: String? = nil) throws(CheckpointError) {
    var isDirectory: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
      throw CheckpointError(url.path, .unreadable("there is no such file or directory"))
    }
    if isDirectory.boolValue {
      try self.init(directory: url, name: name ?? url.lastPathComponent)
    } else if url.pathExtension == "gguf" {
      try self.init(gguf: url, name: name ?? url.deletingPathExtension().lastPathComponent)
    } else {
      throw CheckpointError(url.path, .notACheckpoint)
    }
  }

  private init(directory: URL, name: String) throws(CheckpointError) {
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
    try self.init(directory, name, family, fields, loader) { () throws(CheckpointError) in
      try BytePairTokenizer(directory: directory, family: family.name)
    }
  }

  private init(gguf url: URL, name: String) throws(CheckpointError) {
    let file = try GGUF.read(url)
    let fields = Fields(file: url.path, values: file.metadata)
    let family = try ModelFamilies.family(
      fields.text("general.architecture"), ModelFamilies.ggufArchitectures, fields)
    let loader = try WeightLoader(path: url.path, files: [file])
    try self.init(url, name, family, fields, loader) { () throws(CheckpointError) in
      try BytePairTokenizer(gguf: fields)
    }
  }

  private init(
    _ url: URL, _ name: String, _ family: any ModelFamily.Type, _ fields: Fields,
    _ loader: WeightLoader,
    tokenizer read: () throws(CheckpointError) -> (any Tokenizer)?
  ) throws(CheckpointError) {
    var loader = loader
    let (configuration, weights) = try family.load(fields, &loader)
    try loader.finish()
    var tokenizer: (any Tokenizer)?
    // Prompts that are token ids need none, so what is wrong with one is said when a text needs it.
    var problem: String?
    do throws(CheckpointError) {
      tokenizer = try read()
      if let largest = tokenizer?.largestToken, largest >= configuration.vocabularySize {
        throw CheckpointError(
          url.path,
          .malformed(
            """
            the tokenizer has a token \(largest), but the model knows only \(configuration.vocabularySize) tokens
            """))
      }
    } catch {
      (tokenizer, problem) = (nil, error.description)
    }
    self.init(
      name: name, configuration: configuration, weights: weights, tokenizer: tokenizer,
      tokenizerProblem: problem, notes: loader.notes, matrices: loader.matrices)
  }

  /// Refuses a directory that has weights in another format only, by their file.
  private static func requireSafetensors(_ file: URL, in directory: URL) throws(CheckpointError) {
    let files = FileManager.default
    guard !files.fileExists(atPath: file.path) else { return }
    let names = (try? files.contentsOfDirectory(atPath: directory.path)) ?? []
    let kinds = [".bin", ".pt", ".pth", ".h5", ".msgpack", ".ckpt"]
    guard let other = names.sorted().first(where: { name in kinds.contains(where: name.hasSuffix) })
    else { return }
    throw CheckpointError(
      directory.path,
      .malformed(
        """
        expected the weights as model.safetensors, found \(other), which is not read; convert it, such as with \
        save_pretrained(…, safe_serialization=True) of the transformers library
        """))
  }

  /// The safetensors files of a directory: one, or those that an index lists.
  private static func files(in directory: URL) throws(CheckpointError) -> [TensorFile] {
    let index = directory.appending(path: "model.safetensors.index.json")
    guard FileManager.default.fileExists(atPath: index.path) else {
      let file = directory.appending(path: "model.safetensors")
      try requireSafetensors(file, in: directory)
      return [try Safetensors.read(file)]
    }
    var files: [TensorFile] = []
    for name in try ShardIndex(index).files {
      files.append(try Safetensors.read(directory.appending(path: name)))
    }
    return files
  }
}
