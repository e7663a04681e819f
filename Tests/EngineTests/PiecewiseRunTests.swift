import Engine
import Graphs
import Tensors
import TestSupport
import Testing

/// A masked run in pieces equals the run of the whole prompt.
@Suite struct PiecewiseRunTests {
  /// The golden prompts with masks that change from token to token, a row of logits at every second token.
  private struct Setting {
    let model: Transformer
    let graph: ComputationGraph
    let prompts: [(clean: [Int32], corrupted: [Int32])]

    init(_ family: String, grouped: Bool) throws {
      let golden = try GoldenModel(family)
      model = golden.model
      graph = model.graph(groupsKeysAndValues: grouped)
      prompts = zip(golden.clean.prompts, golden.corrupted.prompts).map {
        (Array(golden.clean.tokens[$0]), Array(golden.corrupted.tokens[$1]))
      }
    }

    func masks(_ count: Int) -> RunMasks {
      var generator = SeededGenerator(seed: 5)
      let masks = (0..<2).map { _ in
        EdgeMask(
          (0..<(graph.writerCount * graph.readerCount)).map { _ in
            [0, 0, 0.25, 1].randomElement(using: &generator) ?? 0
          }, graph: graph)
      }
      return RunMasks(masks, segments: (0..<count).map { $0 / 2 % 2 })
    }

    /// The batch of one prompt after some shared tokens, with what its ablated edges carry.
    func run(_ prompt: Int, after count: Int) -> (whole: MaskedRun, pieces: (Int) -> PiecewiseRun) {
      let (clean, other) = prompts[prompt]
      let corrupted = Array(clean.prefix(count)) + other.dropFirst(count)
      let rows = [stride(from: count, to: clean.count, by: 2).map(\.self)]
      let batch = { (tokens: [Int32]) in
        TokenBatch([tokens], positions: rows, cachedCounts: [count])
      }
      let cache = count == 0 ? nil : KeyValueCache(model, starts: [Array(clean.prefix(count))])
      let writes = PlainRun(model, batch: batch(corrupted), cache: cache).forward().writes
      let masks = masks(clean.count - count)
      return (
        MaskedRun(
          model, batch: batch(clean), masks: masks, ablated: AblatedStream(writes, model: model),
          cache: cache),
        { length in
          PiecewiseRun(
            model, batch: batch(clean), masks: masks, ablated: writes, cache: cache, length: length)
        }
      )
    }
  }

  @Test(arguments: goldenFamilies, [false, true])
  func `the same logits`(family: String, grouped: Bool) throws {
    let setting = try Setting(family, grouped: grouped)
    for (prompt, tokens) in setting.prompts.enumerated() {
      for shared in [0, 2] {
        let (whole, pieces) = setting.run(prompt, after: shared)
        let expected = whole.forward().logits
        for length in [1, 2, 3, tokens.clean.count] {
          expectClose(
            pieces(length).logits(), expected, relative: 1e-5,
            "\(family), prompt \(prompt) after \(shared) in pieces of \(length)")
        }
      }
    }
  }

  /// Tokens after the last whose logits are wanted change nothing.
  @Test func `an early row`() throws {
    let setting = try Setting("llama", grouped: false)
    let tokens = setting.prompts[0].clean
    let row = tokens.count - 3
    let logits = [tokens, Array(tokens.prefix(row + 1))].map { tokens in
      let masks = setting.masks(tokens.count)
      return PiecewiseRun(
        setting.model, batch: TokenBatch([tokens], positions: [[row]]), masks: masks,
        ablated: setting.model.zeroWrites(tokenCount: tokens.count), cache: nil, length: 2
      ).logits().values()
    }
    #expect(logits[0] == logits[1])
  }
}
