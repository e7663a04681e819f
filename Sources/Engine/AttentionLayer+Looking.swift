import Graphs
import Tensors

extension AttentionLayer {
  /// The attention pattern of a head for each prompt, `[query, key]`.
  ///
  /// The kernel keeps no pattern: with values that are one for one token and zero for all others, what it gives is
  /// the weight of that token, for as many tokens at once as a value is wide.
  func patterns(_ inputs: Inputs, head: Int, of batch: TokenBatch) -> [Tensor] {
    let query = inputs.query.gatherColumnBlocks([head], width: dHead)
    let key = inputs.key.gatherColumnBlocks([head * keyCount / headCount], width: dHead)
    let longest = batch.prompts.map(\.count).max() ?? 0
    let parts = stride(from: 0, to: longest, by: dHead).map { first in
      kernel(1, 1).forward(q: query, k: key, v: oneHot(batch, from: first)).values()
    }
    return batch.prompts.map { prompt in
      let elements = prompt.flatMap { token in
        prompt.indices.map { place in
          let key = place - prompt.lowerBound
          return parts[key / dHead][token * dHead + key % dHead]
        }
      }
      return Tensor(elements, shape: [prompt.count, prompt.count])
    }
  }

  /// Values, `[token, dHead]`, that tell apart the tokens of each prompt from a place on.
  private func oneHot(_ batch: TokenBatch, from first: Int) -> Tensor {
    var elements = [Float](repeating: 0, count: batch.tokens.count * dHead)
    for prompt in batch.prompts {
      for (place, token) in prompt.enumerated() where (first..<(first + dHead)).contains(place) {
        elements[token * dHead + place - first] = 1
      }
    }
    return Tensor(elements, shape: [batch.tokens.count, dHead])
  }

  /// The gradient at the read of one of the layer's readers, `[token, dModel]`.
  func gradient(
    _ gradients: ReaderGradients.Layer, _ index: Int, _ projection: Reader.Projection,
    of graph: ComputationGraph
  ) -> Tensor {
    let count = graph.headReaders(layer: 0, projection).count
    let inputs = shared(gradients.heads, by: graph.keyValueReaderCount)
    let linear = weights[projection]
    let dnormal = Tensor.product(
      inputs[projection].matrix.columns(columns(index)),
      linear.weight.matrix.rows(weightRows(reader: index, of: count, linear)))
    return norm.backward(
      dnormal, x: gradients.attentionRead, statistics: gradients.attentionStatistics)
  }
}
