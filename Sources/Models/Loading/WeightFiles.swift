import Files
import Foundation

/// The files of a Hugging Face directory that hold its weights, chosen as the transformers library chooses them.
struct WeightFiles {
  let files: [TensorFile]
  /// What a reader of results should know of the choice, as part of a sentence.
  private(set) var note: String?

  /// Finds and maps them: safetensors, or else PyTorch's; one file, or else those of an index.
  ///
  /// - Throws: `CheckpointError` when there are none, or one of them is missing or wrong.
  init(in directory: URL) throws(CheckpointError) {
    let kinds: [(name: String, read: (URL) throws(CheckpointError) -> TensorFile)] = [
      ("model.safetensors", Safetensors.read), ("pytorch_model.bin", TorchWeights.read),
    ]
    for (name, read) in kinds {
      let (whole, index) = (
        directory.appending(path: name), directory.appending(path: name + ".index.json")
      )
      if Self.isThere(whole) {
        files = [try read(whole)]
        if Self.isThere(index), (try? ShardIndex(index).files) != [name] {
          note = """
            \(name) is used and \(index.lastPathComponent) is not: remove the one that is stale
            """
        }
        return
      }
      if Self.isThere(index) {
        var parts: [TensorFile] = []
        for part in try ShardIndex(index).files {
          let file = directory.appending(path: part)
          guard Self.isThere(file) else {
            throw CheckpointError(
              index.path,
              .malformed(
                """
                the index lists \(part), which is not there: get it, such as with "edgewise fetch", or the whole model \
                again
                """))
          }
          parts.append(try read(file))
        }
        files = parts
        return
      }
    }
    throw Self.nothing(in: directory)
  }

  private static func isThere(_ file: URL) -> Bool {
    FileManager.default.fileExists(atPath: file.path)
  }

  /// What is said of a directory without weights that can be read.
  static func nothing(in directory: URL) -> CheckpointError {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [])
      .sorted()
    if names.isEmpty {
      return CheckpointError(
        directory.path,
        .malformed("the directory is empty; expected config.json and model.safetensors"))
    }
    if names.contains("adapter_config.json") {
      return CheckpointError(
        directory.path,
        .malformed(
          """
          this is an adapter (adapter_config.json) and no model: merge it into its model, such as with \
          merge_and_unload() of the peft library, and name the directory that this is saved to
          """))
    }
    let kinds = [".safetensors", ".gguf", ".bin", ".pt", ".pth", ".h5", ".msgpack", ".ckpt"]
    guard let other = names.first(where: { name in kinds.contains(where: name.hasSuffix) }) else {
      return CheckpointError(directory.path, .notACheckpoint)
    }
    return CheckpointError(
      directory.path,
      .malformed(
        """
        expected config.json and the weights as model.safetensors or pytorch_model.bin, found \(other); \
        \(other.hasSuffix(".gguf") ? "name that file itself" : "convert it, such as with save_pretrained(…) of the transformers library")
        """))
  }
}
