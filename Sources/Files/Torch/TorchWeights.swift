package import Foundation
import Graphs

/// Weights as `torch.save` writes them, `pytorch_model.bin`: read without running what a pickle can run.
package enum TorchWeights {
  /// What the pickle of a state needs: dictionaries, tensors, parameters, storages and types.
  private static let calls: Set<String> = [
    "collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
    "torch.Size",
  ]

  /// Maps a file; tensors that are no plain windows of it are copied.
  ///
  /// - Throws: ``CheckpointError`` for a file that cannot be read, that would run code, or that is no state of a model.
  package static func read(_ url: URL) throws(CheckpointError) -> TensorFile {
    let data = try TensorFile.map(url)
    guard TorchArchive.recognises(data) else {
      // The first value of the format before PyTorch 1.6, a number that means nothing else.
      let old = Data([
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
      ])
      let found =
        data.starts(with: old) ? "found that of versions before 1.6" : "found something else"
      throw CheckpointError(
        url.path,
        .malformed(
          """
          expected the format of torch.save, an archive, \(found); load and save it with PyTorch of today, or better \
          as safetensors
          """))
    }
    do {
      return try TorchArchive.read(data, file: url.path, calls: calls) { archive in
        try tensors(of: archive, url.path)
      }
    } catch let error as CheckpointError { throw error } catch {
      throw CheckpointError(url.path, .unreadable(reason(of: error)))
    }
  }

  private static func tensors(
    of archive: TorchArchive, _ path: String
  ) throws(CheckpointError) -> TensorFile {
    guard let entries = archive.value.entries else {
      throw CheckpointError(
        path, .malformed("expected a dictionary of tensors, as model.state_dict() gives"))
    }
    var file = TensorFile(path: path, tensors: [:], metadata: [:])
    for (key, value) in entries {
      guard let name = key.text else {
        throw CheckpointError(path, .malformed("expected the names of tensors as keys"))
      }
      guard let stored = try archive.stored(value, name) else {
        throw CheckpointError(
          path,
          .malformed(
            """
            expected a tensor as "\(name.shortened)"; save model.state_dict() alone, or what is in it as safetensors
            """))
      }
      file.tensors[name] = stored
    }
    return file
  }
}
