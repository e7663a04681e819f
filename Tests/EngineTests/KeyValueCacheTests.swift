import Engine
import Graphs
import Tensors
import TestSupport
import Testing

/// Runs that go on from cached keys and values equal runs of whole prompts.
@Suite struct KeyValueCacheTests {
  /// Pairs of prompts that start alike, whole and without their starts.
  private struct Setting {
    let model: Transformer
    let graph: ComputationGraph
    let whole: (clean: TokenBatch, corrupted: TokenBatch)
    let ends: (clean: TokenBatch, corrupted: TokenBatch)
    let cache: KeyValueCache
    /// The tokens of the ends among those of the whole prompts.
    let rows: [Int32]
    let dlogits: Tensor

    init(_ family: String, grouped: Bool) throws {
      let golden = try GoldenModel(family)
      model = golden.model
      graph = model.graph(groupsKeysAndValues: grouped)
      let clean = golden.clean.prompts.map { Array(golden.clean.tokens[$0]) }
      // None of the first prompt is shared, and all but the last token of the last one.
      let counts = clean.enumerated().map { index, prompt in
        index == clean.count - 1 ? prompt.count - 1 : min(index, prompt.count - 1)
      }
      let corrupted = zip(clean, counts).enumerated().map { index, item in
        let other = golden.corrupted.tokens[golden.corrupted.prompts[index]]
        return Array(item.0.prefix(item.1)) + other.dropFirst(item.1)
      }
      whole = (TokenBatch(clean), TokenBatch(corrupted))
      ends = (
        TokenBatch(clean, positions: nil, cachedCounts: counts),
        TokenBatch(corrupted, positions: nil, cachedCounts: counts)
      )
      cache = KeyValueCache(model, starts: zip(clean, counts).map { Array($0.prefix($1)) })
      rows = zip(whole.clean.prompts, counts).flatMap { prompt, count in
        prompt.dropFirst(count).map(Int32.init)
      }
      dlogits = try golden.logitDifferenceGradient()
    }

    /// A mask of zeros, ones and values between them.
    var mask: EdgeMask {
      var generator = SeededGenerator(seed: 5)
      return EdgeMask(
        (0..<(graph.writerCount * graph.readerCount)).map { _ in
          [0, 0.25, 1, 1].randomElement(using: &generator) ?? 0
        }, graph: graph)
    }

    var wholeRun: MaskedRun {
      let corrupted = PlainRun(model, batch: whole.corrupted).forward()
      return MaskedRun(
        model, batch: whole.clean, mask: mask,
        ablated: AblatedStream(corrupted.writes, model: model))
    }
    var endRun: MaskedRun {
      let corrupted = PlainRun(model, batch: ends.corrupted, cache: cache).forward()
      return MaskedRun(
        model, batch: ends.clean, mask: mask,
        ablated: AblatedStream(corrupted.writes, model: model), cache: cache)
    }
  }

  @Test(arguments: goldenFamilies) func `plain runs`(family: String) throws {
    let setting = try Setting(family, grouped: false)
    let whole = PlainRun(setting.model, batch: setting.whole.clean)
    let ends = PlainRun(setting.model, batch: setting.ends.clean, cache: setting.cache)
    #expect(
      setting.ends.clean.positions == setting.rows.map { setting.whole.clean.positions[Int($0)] })
    let (all, some) = (whole.taped(), ends.taped())
    expectClose(some.logits, all.logits, relative: 1e-5, family)
    let difference = all.writes.map { $0.gatherRows(setting.rows) } - some.writes
    for write in [difference.input] + difference.heads + difference.mlps {
      #expect(write.values().allSatisfy { abs($0) < 1e-5 })
    }
    let (dall, dsome) = (
      whole.backward(setting.dlogits, all.tape), ends.backward(setting.dlogits, some.tape)
    )
    var (wholeSums, endSums) = (
      Sums(count: setting.graph.writerCount * setting.graph.readerCount),
      Sums(count: setting.graph.writerCount * setting.graph.readerCount)
    )
    whole.contract(
      all.writes, with: [dall], graph: setting.graph,
      segments: [zip(setting.rows, setting.rows).map { Int($0)..<Int($1) + 1 }]
    ) { wholeSums.add($1) }
    ends.contract(some.writes, with: dsome, graph: setting.graph, into: &endSums)
    expectClose(endSums.values(), wholeSums.values(), relative: 1e-5, family)
  }

  @Test(arguments: goldenFamilies, [true, false])
  func `masked runs`(family: String, grouped: Bool) throws {
    let setting = try Setting(family, grouped: grouped)
    let (all, some) = (setting.wholeRun.taped(), setting.endRun.taped())
    expectClose(some.logits, all.logits, relative: 1e-5, family)
    expectClose(setting.endRun.forward().logits, all.logits, relative: 1e-5, family)
    let gradient = { (run: MaskedRun, taped: MaskedRun.TapedResult) in
      run.backward(setting.dlogits, taped.tape, wanting: .mask).masks[0]
    }
    expectClose(
      gradient(setting.endRun, some), gradient(setting.wholeRun, all), relative: 1e-5, family)
  }

  @Test(arguments: goldenFamilies, [true, false])
  func `runs from states and trials`(family: String, grouped: Bool) throws {
    let setting = try Setting(family, grouped: grouped)
    let (whole, ends) = (setting.wholeRun, setting.endRun)
    let expected = whole.forward().logits
    let clean = PlainRun(setting.model, batch: setting.ends.clean, cache: setting.cache).taped()
    let corrupted = PlainRun(
      setting.model, batch: setting.ends.corrupted, cache: setting.cache
    ).taped()
    for start in [
      MaskedState(
        intact: clean, ablated: AblatedStream(corrupted.writes, model: setting.model),
        graph: setting.graph, model: setting.model),
      MaskedState(resampling: corrupted.tape, graph: setting.graph, model: setting.model),
    ] {
      expectClose(ends.forward(from: start).logits, expected, relative: 1e-5, family)
    }
    let (wholeState, endState) = (
      whole.forward(extent: .everyNode).state, ends.forward(extent: .everyNode).state
    )
    for reader in [0, setting.graph.readerCount / 2, setting.graph.logitsReader] {
      let count = setting.graph.visibleWriterCount(ofReader: reader)
      let columns = [[Float](repeating: 1, count: count), [Float](repeating: 0, count: count)]
      expectClose(
        ReaderTrials(ends, from: endState, reader: reader).logits(columns),
        ReaderTrials(whole, from: wholeState, reader: reader).logits(columns), relative: 1e-5,
        "\(family) \(reader)")
    }
  }
}
