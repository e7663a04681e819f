package import Engine
import Graphs
package import Tasks
import Tensors

/// What a gate sees of a prompt: what each layer and the logits read of the residual stream of the clean run, averaged over
/// the prompt's tokens, without what is below 0.
package struct PromptFeatures: Sendable, Equatable {
  /// How many numbers a prompt has.
  package let width: Int
  /// For each prompt its numbers, stream by stream.
  package let values: [[Double]]

  /// Runs prompts.
  ///
  /// - Complexity: One forward pass.
  package init(of task: CircuitTask, in model: Transformer) {
    let layers = (0..<model.configuration.layerCount).map {
      Reader.head(layer: $0, index: 0, projection: .query)
    }
    let readers = layers + [.logits]
    width = readers.count * model.configuration.dModel
    values = task.batches(model.plainBatch).flatMap { batch in
      let run = Activations(of: model, on: batch.clean)
      let prompts = batch.clean.prompts.enumerated().flatMap { prompt, tokens in
        [Int32](repeating: Int32(prompt), count: tokens.count)
      }
      let streams = readers.map { reader in
        var means = RowMeans(
          groupCount: batch.promptCount, columnCount: model.configuration.dModel)
        means.add(run.read(of: reader), groups: prompts)
        return means.means
      }
      return (0..<batch.promptCount).map { prompt in
        streams.flatMap { $0.row(prompt).map { Double(max($0, 0)) } }
      }
    }
  }
}

/// What makes features of one size: their means over the prompts of a training are taken away, and each stream is divided
/// by how far it lies from them (root mean square over prompts), so that a prompt's features have a length of about 1.
package struct FeatureScale: Sendable, Equatable {
  /// For each number its mean.
  let means: [Double]
  /// For each number what it is multiplied by.
  let factors: [Double]

  init(means: [Double], factors: [Double]) {
    (self.means, self.factors) = (means, factors)
  }

  package init(_ features: PromptFeatures, streamCount: Int) {
    let (count, width) = (Double(features.values.count), features.width)
    let means = (0..<width).map { column in
      features.values.reduce(0) { $0 + $1[column] } / count
    }
    let size = width / streamCount
    let factors = (0..<streamCount).map { stream in
      let square = features.values.reduce(0.0) { sum, row in
        (stream * size..<(stream + 1) * size).reduce(sum) {
          $0 + (row[$1] - means[$1]) * (row[$1] - means[$1])
        }
      }
      let length = (square / count * Double(streamCount)).squareRoot()
      return length > 1e-12 ? 1 / length : 0
    }
    self.means = means
    self.factors = (0..<width).map { factors[$0 / size] }
  }

  /// A prompt's features in that size.
  package func callAsFunction(_ features: [Double]) -> [Double] {
    features.indices.map { (features[$0] - means[$0]) * factors[$0] }
  }
}
