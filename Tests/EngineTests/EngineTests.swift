import Engine
import Graphs
import Models
import Tensors
import TestSupport
import Testing

/// The identities that tie the two engines together.
@Suite struct EngineTests {
  @Test(arguments: goldenFamilies) func `all-ones mask equals the plain run`(family: String) throws
  {
    let golden = try GoldenModel(family)
    let run = MaskedRun(
      golden.model, batch: golden.clean, mask: EdgeMask(1, graph: golden.graph),
      ablated: golden.ablated(by: "resample"))
    expectClose(
      run.forward(rows: golden.allRows).logits,
      golden.model.logits(golden.clean, rows: golden.allRows), relative: 1e-5, family)
  }

  @Test(arguments: goldenFamilies) func `all-zeros mask with resampling equals the corrupted run`(
    family: String
  ) throws {
    let golden = try GoldenModel(family)
    let run = MaskedRun(
      golden.model, batch: golden.clean, mask: EdgeMask(0, graph: golden.graph),
      ablated: golden.ablated(by: "resample"))
    expectClose(
      run.forward(rows: golden.allRows).logits,
      golden.model.logits(golden.corrupted, rows: golden.allRows), relative: 1e-5, family)
  }

  /// With one key reader for each head and with shared ones.
  @Test(arguments: goldenFamilies, [false, true])
  func `fast path equals the masked run's gradient`(family: String, grouped: Bool) throws {
    let golden = try GoldenModel(family)
    let graph = golden.model.graph(groupsKeysAndValues: grouped)
    let ablated = golden.ablated(by: "mean")
    let dlogits = try golden.logitDifferenceGradient()

    let plain = PlainRun(golden.model, batch: golden.clean)
    let clean = plain.taped()
    var fast = Sums(count: graph.writerCount * graph.readerCount)
    plain.contract(
      clean.writes - ablated, with: plain.backward(dlogits, clean.tape),
      graph: graph, into: &fast)

    let masked = MaskedRun(
      golden.model, batch: golden.clean, mask: EdgeMask(1, graph: graph), ablated: ablated)
    let result = masked.taped()
    expectClose(result.logits, clean.logits, relative: 1e-5)
    let gradients = masked.backward(dlogits, result.tape, wanting: .mask)
    let existing = EdgeMask(1, graph: graph).values().map(Double.init)
    expectClose(
      zip(fast.values(), existing).map { $0 * $1 }, gradients.masks[0], relative: 1e-4,
      family)
  }

  /// In the last layer only measured tokens matter, but for keys and values.
  @Test(arguments: goldenFamilies, [0, 1, 2])
  func `the last layer need be run at measured tokens only`(family: String, first: Int) throws {
    let golden = try GoldenModel(family)
    let graph = golden.graph
    let batch = TokenBatch(
      try golden.file.prompts("tokens.clean"), positions: golden.lengths.map { [first, $0 - 1] })
    let dlogits = Tensor.random(
      [2 * batch.promptCount, golden.model.configuration.outputCount], seed: 3)
    let ablated = golden.ablated(by: "mean")
    let results = [false, true].map { isMeasuredOnly in
      let run = PlainRun(golden.model, batch: batch, isMeasuredOnly: isMeasuredOnly)
      let result = run.taped()
      var sums = Sums(count: graph.writerCount * graph.readerCount)
      run.contract(
        result.writes - ablated, with: run.backward(dlogits, result.tape), graph: graph,
        into: &sums)
      return (result, sums.values(), run.forward().logits)
    }
    expectClose(results[1].0.logits, results[0].0.logits, relative: 1e-6)
    expectClose(results[1].1, results[0].1, relative: 1e-6, family)
    #expect(results[1].2 == results[1].0.logits)
    // Its writes are zero elsewhere, and only there.
    let writes = results[1].0.writes
    let (mlp, heads) = (try #require(writes.mlps.last), try #require(writes.heads.last))
    for prompt in batch.prompts {
      for token in prompt {
        let place = token - prompt.lowerBound
        #expect(
          mlp.row(token).contains { $0 != 0 } == (place == first || place == prompt.count - 1))
        #expect(heads.row(token).contains { $0 != 0 } == (place >= first))
      }
    }
  }

  @Test(arguments: goldenFamilies) func `a batch of unequal lengths equals its prompts one by one`(
    family: String
  ) throws {
    let golden = try GoldenModel(family)
    #expect(Set(golden.lengths).count > 1)
    let prompts = try golden.file.prompts("tokens.clean")
    let together = golden.model.logits(golden.clean)
    for (index, prompt) in prompts.enumerated() {
      expectClose(
        golden.model.logits(TokenBatch([prompt])), together.slice(index..<(index + 1)),
        relative: 1e-5, "\(family) \(index)")
    }
  }

  @Test(arguments: goldenFamilies) func `gradient to ablated values`(family: String) throws {
    let golden = try GoldenModel(family)
    let mask = EdgeMask(try golden.file.tensor("mask.fractional").values(), graph: golden.graph)
    let ablated = golden.ablated(by: "resample")
    let dlogits = try golden.logitDifferenceGradient()
    let run = { (input: Tensor) in
      var changed = ablated
      changed.input = input
      return MaskedRun(golden.model, batch: golden.clean, mask: mask, ablated: changed)
    }
    let result = run(ablated.input).taped()
    let gradients = run(ablated.input).backward(
      dlogits, result.tape, wanting: .ablated)
    // The first writer is the input.
    expectGradient(
      try #require(gradients.ablated).slice(block: 0), of: { run($0).forward().logits },
      at: ablated.input, dy: dlogits,
      // Long steps cross ReLU's corners.
      step: golden.model.configuration.mlp.activation == .relu ? 1e-3 : 1e-2, tolerance: 5e-3,
      family)
  }

  @Test func `scores are the same bytes on any number of threads`() throws {
    let golden = try GoldenModel("llama")
    let graph = golden.graph
    // Twice the prompts, so that there is more than one tile of tokens.
    let twice = { (name: String) in
      let prompts = try golden.file.prompts(name)
      return TokenBatch(prompts + prompts)
    }
    let batch = try twice("tokens.clean")
    #expect(batch.tokens.count > 64)
    let ablated = PlainRun(golden.model, batch: try twice("tokens.corrupted")).forward().writes
    let rows = (0..<batch.promptCount).map { Int32($0 % golden.clean.promptCount) }
    let dlogits = try golden.logitDifferenceGradient().gatherRows(rows)
    let results = [1, 2, 5].map { threads in
      ProcessSettings.limitThreads(to: threads)
      defer { ProcessSettings.limitThreads(to: 0) }
      let plain = PlainRun(golden.model, batch: batch)
      let clean = plain.taped()
      var scores = Sums(count: graph.writerCount * graph.readerCount)
      plain.contract(
        clean.writes - ablated, with: plain.backward(dlogits, clean.tape),
        graph: graph, into: &scores)
      let masked = MaskedRun(
        golden.model, batch: batch, mask: EdgeMask(0.5, graph: graph), ablated: ablated)
      let result = masked.taped()
      let gradients = masked.backward(dlogits, result.tape, wanting: .mask)
      return (clean.logits, scores.values(), result.logits, gradients.masks)
    }
    for result in results.dropFirst() { #expect(result == results[0]) }
  }
}
