import Engine
import Graphs
import Tensors
import TestSupport
import Testing

/// Runs whose mask differs from segment to segment of their tokens.
@Suite struct RunMasksTests {
  private func mask(_ graph: ComputationGraph, seed: UInt64) -> EdgeMask {
    var generator = SeededGenerator(seed: seed)
    return EdgeMask(
      (0..<(graph.writerCount * graph.readerCount)).map { _ in
        [0, 0.25, 1, 1].randomElement(using: &generator) ?? 0
      }, graph: graph)
  }

  private struct Setting {
    let golden: GoldenModel
    let graph: ComputationGraph
    let ablated: AblatedStream
    var model: Transformer { golden.model }
    var batch: TokenBatch { golden.clean }

    init(_ family: String, grouped: Bool) throws {
      golden = try GoldenModel(family)
      graph = golden.model.graph(groupsKeysAndValues: grouped)
      ablated = AblatedStream(golden.ablated(by: "resample"), model: golden.model)
    }

    func run(_ masks: RunMasks) -> MaskedRun {
      MaskedRun(model, batch: batch, masks: masks, ablated: ablated)
    }

    /// The run of all prompts at one mask.
    func run(_ mask: EdgeMask) -> MaskedRun {
      run(RunMasks(mask, tokenCount: batch.tokens.count))
    }
  }

  /// The same mask may meet several ones of the run that is started from, and not differ from the first.
  @Test(arguments: goldenFamilies) func `a run starts from one with other segments`(
    family: String
  ) throws {
    let setting = try Setting(family, grouped: false)
    let (here, there) = (mask(setting.graph, seed: 1), mask(setting.graph, seed: 2))
    let tokens = setting.batch.tokens.indices
    let start = setting.run(RunMasks([here, there], segments: tokens.map { $0 / 2 % 2 }))
    let run = setting.run(RunMasks([here, here], segments: tokens.map { $0 % 2 }))
    let state = start.forward(extent: .everyNode).state
    expectClose(
      run.forward(from: state).logits, setting.run(here).forward().logits, relative: 1e-5, family)
  }

  @Test(arguments: goldenFamilies, [true, false])
  func `a mask for each prompt equals runs of their own`(family: String, grouped: Bool) throws {
    let setting = try Setting(family, grouped: grouped)
    let masks = (0..<setting.batch.promptCount).map { mask(setting.graph, seed: UInt64($0)) }
    let run = setting.run(RunMasks(masks, promptsOf: setting.batch))
    let together = run.taped()
    let dlogits = try setting.golden.logitDifferenceGradient()
    let gradients = run.backward(dlogits, together.tape, wanting: [.mask, .ablated])
    #expect(gradients.masks.count == masks.count)
    for (prompt, mask) in masks.enumerated() {
      // All prompts at this prompt's mask, but only its own logits count.
      let own = setting.run(mask)
      let alone = own.taped()
      expectClose(
        together.logits.slice(block: prompt), alone.logits.slice(block: prompt), relative: 1e-5)
      let share = dlogits.scaledRows(by: masks.indices.map { $0 == prompt ? 1 : 0 })
      let single = own.backward(share, alone.tape, wanting: [.mask, .ablated])
      expectClose(gradients.masks[prompt], single.masks[0], relative: 1e-5, family)
      let tokens = Int(setting.batch.starts[prompt])..<Int(setting.batch.starts[prompt + 1])
      for writer in [0, setting.graph.writerCount - 1] {
        expectClose(
          try #require(gradients.ablated).slice(block: writer).slice(tokens),
          try #require(single.ablated).slice(block: writer).slice(tokens), relative: 1e-5)
      }
    }
  }

  @Test(arguments: goldenFamilies, [true, false])
  func `a run over segments starts from any state`(family: String, grouped: Bool) throws {
    let setting = try Setting(family, grouped: grouped)
    let graph = setting.graph
    let tokens = setting.batch.tokens.indices
    let settings = [
      RunMasks(mask(graph, seed: 1), tokenCount: tokens.count),
      RunMasks(
        [mask(graph, seed: 1), EdgeMask(1, graph: graph)],
        segments: tokens.map { $0 % 3 == 0 ? 0 : 1 }),
      RunMasks(
        [mask(graph, seed: 2), mask(graph, seed: 1), EdgeMask(0, graph: graph)],
        segments: tokens.map { $0 * $0 % 3 }),
      RunMasks(
        [EdgeMask(0, graph: graph), EdgeMask(1, graph: graph)], segments: tokens.map { $0 % 2 }),
    ]
    var states = [
      MaskedState(
        intact: PlainRun(setting.model, batch: setting.batch).taped(), ablated: setting.ablated,
        graph: graph, model: setting.model)
    ]
    for masks in settings {
      let run = setting.run(masks)
      let whole = run.taped().logits
      for start in states + [run.forward(extent: .everyNode).state] {
        expectClose(run.forward(from: start).logits, whole, relative: 1e-5, family)
      }
      states.append(run.forward().state)
    }
  }

  /// Where every edge is intact a run is the plain run; elsewhere it is masked.
  @Test(arguments: goldenFamilies) func `positions`(family: String) throws {
    let setting = try Setting(family, grouped: false)
    let (golden, graph) = (setting.golden, setting.graph)
    let first = golden.clean.starts.dropLast()
    let logits = { (intact: (Int32) -> Bool) in
      setting.run(
        RunMasks(
          [EdgeMask(0, graph: graph), EdgeMask(1, graph: graph)],
          segments: golden.allRows.map { intact($0) ? 1 : 0 })
      ).forward(rows: golden.allRows).logits
    }
    let plain = golden.model.logits(golden.clean, rows: golden.allRows)
    expectClose(logits { _ in true }, plain, relative: 1e-5)
    let nothing = logits { _ in false }
    // Only first tokens are intact, so only those read what they did.
    let some = logits { first.contains($0) }
    for token in golden.allRows {
      let expected = first.contains(token) ? plain : nothing
      expectClose(
        some.gatherRows([token]), expected.gatherRows([token]), relative: 1e-5, "token \(token)")
    }
  }

  @Test(arguments: goldenFamilies, [true, false])
  func `trials over segments equal whole runs`(family: String, grouped: Bool) throws {
    let setting = try Setting(family, grouped: grouped)
    let graph = setting.graph
    let tokens = setting.batch.tokens.indices
    for base in [EdgeMask(1, graph: graph), mask(graph, seed: 3)] {
      let masks = RunMasks(
        [base, EdgeMask(1, graph: graph)], segments: tokens.map { $0 % 2 })
      let run = setting.run(masks)
      let state = run.forward(extent: .everyNode).state
      for reader in stride(from: 0, to: graph.readerCount, by: 2) {
        var tried = base
        for writer in 0..<graph.visibleWriterCount(ofReader: reader) where writer % 2 == 0 {
          tried[writer: writer, reader: reader] = 0
        }
        let column =
          Array(tried[column: reader])
          + [Float](
            repeating: 1, count: graph.visibleWriterCount(ofReader: reader))
        let found = ReaderTrials(run, from: state, reader: reader).logits([column, column])
        let expected = setting.run(
          RunMasks([tried, EdgeMask(1, graph: graph)], segments: tokens.map { $0 % 2 })
        ).forward().logits
        expectClose(found.slice(block: 0), expected, relative: 1e-5, "\(graph.reader(at: reader))")
        #expect(found.slice(block: 0) == found.slice(block: 1))
      }
    }
  }

  @Test(arguments: goldenFamilies) func `scores of segments add up to those of all tokens`(
    family: String
  )
    throws
  {
    let setting = try Setting(family, grouped: false)
    let (model, graph) = (setting.model, setting.graph)
    let run = PlainRun(model, batch: setting.batch)
    let clean = run.taped()
    let difference = clean.writes - setting.ablated.writes
    let gradients = run.backward(try setting.golden.logitDifferenceGradient(), clean.tape)
    let size = graph.writerCount * graph.readerCount
    let prompts = zip(setting.batch.starts, setting.batch.starts.dropFirst()).map {
      Int($0)..<Int($1)
    }
    var parts = [Sums](repeating: Sums(count: size), count: prompts.count)
    run.contract(difference, with: [gradients], graph: graph, segments: prompts.map { [$0] }) {
      parts[$0].add($1)
    }
    var whole = Sums(count: size)
    run.contract(difference, with: gradients, graph: graph, into: &whole)
    let sum = parts.map { $0.values() }.reduce([Double](repeating: 0, count: size)) {
      zip($0, $1).map(+)
    }
    expectClose(sum, whole.values(), relative: 1e-5)
    // Without the first prompt's tokens, what it scores is gone.
    var rest = Sums(count: size)
    run.contract(
      difference, with: [gradients], graph: graph, segments: prompts.dropFirst().map { [$0] }
    ) {
      rest.add($1)
    }
    expectClose(
      zip(whole.values(), parts[0].values()).map(-), rest.values(), relative: 1e-5)
  }

  @Test(arguments: goldenFamilies) func `several runs are contracted together as one after another`(
    family: String
  ) throws {
    let setting = try Setting(family, grouped: true)
    let (model, graph) = (setting.model, setting.graph)
    let run = PlainRun(model, batch: setting.batch)
    let dlogits = try setting.golden.logitDifferenceGradient()
    let clean = run.taped()
    let difference = clean.writes - setting.ablated.writes
    let moved = run.taped(given: .input(setting.ablated.writes.input), from: nil)
    let gradients = [clean, moved].map { run.backward(dlogits, $0.tape) }
    var (together, apart) = (
      Sums(count: graph.writerCount * graph.readerCount),
      Sums(count: graph.writerCount * graph.readerCount)
    )
    run.contract(
      difference, with: gradients, graph: graph, segments: [[0..<setting.batch.tokens.count]]
    ) { together.add($1) }
    for gradient in gradients {
      run.contract(difference, with: gradient, graph: graph, into: &apart)
    }
    expectClose(together.values(), apart.values(), relative: 1e-5)
  }
}
