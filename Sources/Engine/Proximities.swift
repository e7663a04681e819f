package import Graphs
import Tensors

extension PlainRun {
  /// How much nearer to nothing some reads would be without each writer.
  package struct Proximities {
    /// Some of the batch's tokens.
    package let tokens: Range<Int>
    /// Readers that read the same.
    package let readers: Range<Int>
    /// How many writers they see.
    package let writerCount: Int
    /// `[writer, token]`: `max(0, ‖x‖₁ − ‖x − a_w‖₁)` of the read x.
    package let values: [Double]
  }

  /// Hands out `max(0, ‖x‖₁ − ‖x − a_w‖₁)` of every read x and all writers that it sees, for some tokens after others.
  ///
  /// - Parameters:
  ///   - graph: The model's graph, maybe with grouped keys and values.
  ///   - body: Is given them in the order of tokens, then of readers.
  /// - Complexity: A forward pass and, for each of a token's reads, as many numbers as all writers write.
  package func proximities(graph: ComputationGraph, _ body: (Proximities) -> Void) {
    let taped = taped()
    let reads = taped.tape.layers.enumerated().flatMap { layer, tape in
      let heads = (
        readers: graph.headReaders(layer: layer),
        writers: graph.attentionWriterCount(layer: layer), read: tape.attention.read
      )
      let mlp = graph.mlp(layer: layer).map {
        (
          readers: $0.reader..<($0.reader + 1), writers: graph.mlpWriterCount(layer: layer),
          read: tape.mlp.read
        )
      }
      return [heads, mlp].compactMap(\.self)
    }
    let last = (
      readers: graph.logitsReader..<graph.readerCount, writers: graph.writerCount,
      read: stream(taped)
    )
    let length = max(model.device.tileNumbers / (graph.writerCount * graph.dModel), 1)
    for start in stride(from: 0, to: batch.tokens.count, by: length) {
      let tokens = start..<min(start + length, batch.tokens.count)
      let writes = taped.writes.expanded(tokens.map(Int32.init), graph, layers)
        .reshaped([graph.writerCount * tokens.count, graph.dModel])
      for (readers, writerCount, read) in reads + [last] {
        let read = read.slice(tokens)
        let lengths = Tensor(zeros: read.shape, on: read.device).rowDistances(to: read)
        let distances = writes.slice(0..<(writerCount * tokens.count)).rowDistances(to: read)
        body(
          Proximities(
            tokens: tokens, readers: readers, writerCount: writerCount,
            values: distances.enumerated().map { max(0, lengths[$0 % tokens.count] - $1) }))
      }
    }
  }

  /// What `logits` reads, at all tokens.
  func stream(_ taped: TapedResult) -> Tensor {
    guard let last = layers.indices.last else { return taped.writes.input }
    var stream = taped.tape.layers[last].mlp.read
    // An MLP beside the heads of its layer does not read them.
    if model.configuration.isParallel {
      stream.add(layers[last].attention.write(taped.writes.heads[last]))
    }
    stream.add(taped.writes.mlps[last])
    return stream
  }
}
