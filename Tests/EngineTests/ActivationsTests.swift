import Engine
import Foundation
import Graphs
import Models
import Tensors
import TestSupport
import Testing

/// What a run lets one see of itself.
@Suite struct ActivationsTests {
  private func activations(_ family: String) throws -> (GoldenModel, Activations) {
    let golden = try GoldenModel(family)
    return (golden, Activations(of: golden.model, on: golden.clean))
  }

  @Test(arguments: goldenFamilies) func `logits are the model's`(family: String) throws {
    let (golden, run) = try activations(family)
    expectClose(run.logits, golden.model.logits(golden.clean), relative: 1e-6, family)
  }

  /// A read is the sum of the writes that its reader sees, and of the biases that belong to no writer.
  @Test(arguments: goldenFamilies) func `writes sum up to reads`(family: String) throws {
    let (golden, run) = try activations(family)
    let graph = golden.graph
    for (index, reader) in graph.readers.enumerated() {
      let writers = (0..<graph.visibleWriterCount(ofReader: index)).map(graph.writer(at:))
      var sum = Tensor(zeros: run.read(of: reader).shape)
      for writer in writers { sum.add(run.write(of: writer)) }
      // The last head that is seen says which attention layers are.
      let layers = writers.compactMap { writer in
        if case .head(let layer, 0) = writer { layer } else { nil }
      }
      for layer in layers {
        sum.add(row: golden.model.weights.blocks[layer].attention.output.bias)
      }
      expectClose(run.read(of: reader), sum, relative: 1e-5, "\(family) \(reader)")
    }
  }

  /// Rows are distributions over what comes before, and their mixture of values is what the head writes.
  @Test(arguments: goldenFamilies) func `patterns are what heads mix values by`(family: String)
    throws
  {
    let (golden, run) = try activations(family)
    let sizes = golden.model.configuration
    for layer in 0..<sizes.layerCount {
      let weights = golden.model.weights.blocks[layer]
      let read = run.read(of: .head(layer: layer, index: 0, projection: .value))
      let values = weights.attention.value.forward(weights.attentionNorm.forward(read).output)
      var writes: [Tensor] = []
      for head in 0..<sizes.headCount {
        let patterns = run.patterns(ofHead: head, layer: layer)
        #expect(patterns.map(\.shape) == golden.lengths.map { [$0, $0] })
        let shared = head * sizes.keyValueHeadCount / sizes.headCount
        let value = values.gatherColumnBlocks([shared], width: sizes.dHead)
        var mixed: [Float] = []
        for (prompt, pattern) in zip(golden.clean.prompts, patterns) {
          for query in 0..<prompt.count {
            let row = (0..<prompt.count).map { pattern[query, $0] }
            #expect(abs(row.reduce(0, +) - 1) < 1e-5 && row.allSatisfy { $0 >= 0 })
            #expect(row.dropFirst(query + 1).allSatisfy { $0 == 0 })
            mixed += (0..<sizes.dHead).map { column in
              (0..<prompt.count).map { row[$0] * value[prompt.lowerBound + $0, column] }
                .reduce(0, +)
            }
          }
        }
        let output = weights.attention.output.weight.gatherColumnBlocks([head], width: sizes.dHead)
        let z = Tensor(mixed, shape: [golden.clean.tokens.count, sizes.dHead])
        writes.append(.product(z.matrix, output.matrix.transposed))
      }
      if let norm = weights.attentionOutputNorm { share(norm, among: &writes) }
      for (head, write) in writes.enumerated() {
        expectClose(
          run.write(of: .head(layer: layer, index: head)), write, relative: 1e-4,
          "\(family) a\(layer).h\(head)")
      }
    }
  }

  /// Makes of writes their shares of the normalised sum.
  private func share(_ norm: Normalization, among writes: inout [Tensor]) {
    let sum = writes.dropFirst().reduce(into: writes[0]) { $0.add($1) }
    let normal = norm.forward(sum)
    for head in writes.indices {
      writes[head].scale(byDeviations: normal.statistics)
      writes[head].scale(columnsBy: norm.scale)
    }
    expectClose(
      writes.dropFirst().reduce(into: writes[0]) { $0.add($1) }, normal.output, relative: 1e-5)
  }

  /// A prompt longer than a value is wide is looked at in parts.
  @Test func `long prompts have whole patterns`() throws {
    let golden = try GoldenModel("gpt2")
    let width = golden.model.configuration.dHead
    let prompt = (0..<(2 * width + 1)).map { Int32(1 + $0 % 7) }
    try #require(prompt.count <= golden.model.configuration.contextLength)
    let pattern = Activations(of: golden.model, on: TokenBatch([prompt, [3, 4]]))
      .patterns(ofHead: 1, layer: 1)
    #expect(pattern.map(\.shape) == [[prompt.count, prompt.count], [2, 2]])
    for query in prompt.indices {
      let row = prompt.indices.map { pattern[0][query, $0] }
      #expect(abs(row.reduce(0, +) - 1) < 1e-5)
    }
  }

  /// The read of a reader is moved by ablating its edge from `input` with a write a little off.
  @Test(arguments: goldenFamilies) func `gradients at reads are slopes`(family: String) throws {
    let (golden, run) = try activations(family)
    let graph = golden.graph
    let dlogits = try golden.logitDifferenceGradient()
    let gradients = run.gradients(from: dlogits)
    let writes = PlainRun(golden.model, batch: golden.clean).forward().writes
    let offset = Tensor.random(writes.input.shape, seed: 5)
    let dot = { (one: Tensor, other: Tensor) in
      zip(one.values(), other.values()).map { Double($0) * Double($1) }.reduce(0, +)
    }
    let slopes = graph.readers.map { reader in
      var keep = EdgeMask(1, graph: graph)
      keep[Edge(.input, reader)] = 0
      let slope = { (step: Float) in
        let ends = [step, -step].map { step in
          var ablated = writes
          ablated.input.add(offset, scaledBy: step)
          let run = MaskedRun(golden.model, batch: golden.clean, mask: keep, ablated: ablated)
          return dot(run.forward().logits, dlogits)
        }
        return (ends[0] - ends[1]) / (2 * Double(step))
      }
      // Central differences at two steps cancel their third-order error (Richardson).
      return (4 * slope(0.005) - slope(0.01)) / 3
    }
    expectClose(
      graph.readers.map { dot(gradients.at($0), offset) }, slopes, relative: 2e-3, family)
  }

  /// A factor at all queries of a head is one at all of its keys.
  @Test(arguments: goldenFamilies + ["models/phi3", "models/stablelm", "models/olmo"])
  func `queries and keys have the same products`(family: String) throws {
    let model = try Transformer(contentsOf: fixtures.appending(path: family))
    let batch = TokenBatch([[5, 9, 3, 17, 30, 9], [1, 2, 36, 4]])
    let run = PlainRun(model, batch: batch)
    let taped = run.taped()
    let dlogits = Tensor.random([2, model.configuration.vocabularySize], seed: 3)
    let products = run.nodeProducts(taped, run.backward(dlogits, taped.tape), graph: model.graph)
    for layer in 0..<model.graph.layerCount {
      let sums = [Reader.Projection.query, .key].map { projection in
        model.graph.headReaders(layer: layer, projection).map { reader in
          products.row(reader).reduce(0.0) { $0 + Double($1) }
        }
      }
      expectClose(sums[0], sums[1], relative: 1e-3, "\(family) \(layer)")
    }
  }
}
