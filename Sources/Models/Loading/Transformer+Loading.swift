public import Engine
public import Files
public import Foundation

extension Transformer {
  /// Loads a model: a Hugging Face directory or a GGUF file.
  ///
  /// A directory has `config.json` and `model.safetensors` or else `pytorch_model.bin`, or several files that
  /// their `index.json` lists; and `tokenizer.json`, `vocab.json` with `merges.txt`, or `tokenizer.model`
  /// if it has a tokenizer; TransformerLens' names are known too. A GGUF file (version 3) has all in one,
  /// or in several of which any is named.
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
      try self.init(gguf: url, name: name ?? SplitName.whole(url))
    } else {
      throw CheckpointError(url.path, .notACheckpoint)
    }
  }

  private init(directory: URL, name: String) throws(CheckpointError) {
    let configURL = directory.appending(path: "config.json")
    guard FileManager.default.fileExists(atPath: configURL.path) else {
      throw WeightFiles.nothing(in: directory)
    }
    let fields = try Fields(json: configURL)
    // TransformerLens' own configurations do not name a type.
    let type =
      fields.text("model_type") ?? (fields.contains("n_layers") ? TransformerLens.name : nil)
    let family = try ModelFamilies.family(type, ModelFamilies.directories, fields)
    let weights = try WeightFiles(in: directory)
    var loader = try WeightLoader(path: directory.path, files: weights.files)
    if let note = weights.note { loader.note(note) }
    try self.init(directory, name, family, fields, loader) { () throws(CheckpointError) in
      try SubwordTokenizer(directory: directory, family: family.name)
    }
  }

  private init(gguf url: URL, name: String) throws(CheckpointError) {
    let files = try GGUF.readParts(of: url)
    let fields = Fields(file: url.path, values: files[0].metadata)
    let family = try ModelFamilies.family(
      fields.text("general.architecture"), ModelFamilies.ggufArchitectures, fields)
    let loader = try WeightLoader(path: url.path, files: files)
    try self.init(url, name, family, fields, loader) { () throws(CheckpointError) in
      try SubwordTokenizer(gguf: fields)
    }
  }

  private init(
    _ url: URL, _ name: String, _ family: any ModelFamily.Type, _ fields: Fields,
    _ loader: WeightLoader,
    tokenizer read: () throws(CheckpointError) -> SubwordTokenizer?
  ) throws(CheckpointError) {
    var loader = loader
    let (configuration, weights) = try family.load(fields, &loader)
    try loader.finish()
    var tokenizer: SubwordTokenizer?
    // Prompts that are token ids need none, so what is wrong with one is said when a text needs it.
    var problem: String?
    do throws(CheckpointError) {
      tokenizer = try read()
      // Tokens that were added without rows of the embedding, such as one for padding, may stay unused.
      if let largest = tokenizer?.largestLearnedToken, largest >= configuration.vocabularySize {
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
}
