package import Engine
package import Files
package import Foundation
import Tensors

extension WeightMask {
  /// The mask as a safetensors file: BOOL, a tensor for each matrix and bias of the layers.
  package func safetensors(of model: Transformer) throws -> Data {
    var tensors: [String: (shape: [Int], values: [Bool])] = [:]
    for ((name, tensor), values) in zip(model.layerWeights, values) {
      tensors[name] = (tensor.shape, values)
    }
    return try Safetensors.encode(
      switches: tensors, metadata: ["model": model.name, "kept": "\(keptCount) of \(count)"])
  }

  /// Reads which of a model's weights are kept.
  ///
  /// - Parameters:
  ///   - data: What a file holds that a run of `discogp` wrote.
  ///   - path: What errors call it.
  ///   - model: The model.
  /// - Throws: ``CheckpointError`` when it is malformed or of another model.
  package init(
    _ data: Data, path: String = DiscoGP.weightFile, of model: Transformer
  ) throws(CheckpointError) {
    let file = try Safetensors.read(data, path: path)
    var values: [[Bool]] = []
    for (name, tensor) in model.layerWeights {
      guard let stored = file.tensors[name] else {
        throw CheckpointError(path, .missingTensor(name, shape: tensor.shape))
      }
      guard stored.shape == tensor.shape else {
        throw CheckpointError(
          path, .wrongShape(tensor: name, expected: tensor.shape, found: stored.shape))
      }
      guard let kept = stored.switches else {
        throw CheckpointError(path, .unsupportedFormat(tensor: name, stored.format))
      }
      values.append(kept)
    }
    self.init(values)
  }
}
