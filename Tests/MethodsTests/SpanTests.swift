import Engine
import Evaluation
import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Laws of scores and circuits at spans of the prompts.
@Suite struct SpanTests {
  private let golden: GoldenModel
  private let problem: DiscoveryProblem
  private let spans: PromptSpans

  init() throws {
    golden = try GoldenModel("llama")
    problem = DiscoveryProblem(
      model: golden.model, task: try golden.task(LogitDifference()))
    let choice = try #require(SpanChoice("start=0-2;changed=changed;end=last"))
    spans = try PromptSpans(choice, of: problem.task)
  }

  @Test(arguments: [AttributionPatching.plain, .integrated(steps: 3), .steered(steps: 2)])
  func `scores at spans add up to those at all tokens`(method: AttributionPatching) throws {
    let whole = try method.scores(for: problem) { _ in }
    for choice in [SpanChoice.positions, try #require(SpanChoice("changed=changed;end=last"))] {
      let found = try method.spanScores(
        for: problem, at: try PromptSpans(choice, of: problem.task))
      expectClose(
        found.total.values.map(Double.init), whole.values.map(Double.init), relative: 1e-5,
        "\(choice)")
    }
  }

  /// A score at a span is what the metric loses, to first order, where the edge is ablated a little there.
  @Test func `finite differences`() throws {
    let scores = try AttributionPatching.plain.spanScores(for: problem, at: spans)
    let graph = problem.graph
    let prompts = Double(golden.clean.promptCount)
    let batch = PairBatch(problem.task.pairs)
    let signs = try golden.logitDifferenceGradient()
    let ablated = AblatedStream(
      PlainRun(golden.model, batch: batch.corrupted).forward().writes, model: golden.model)
    let loss = { (span: Int, offset: Int, strength: Float) -> Double in
      let masks = spans.names.indices.map { own in
        var values = EdgeMask(1, graph: graph).values()
        if own == span { values[offset] = strength }
        return EdgeMask(values, graph: graph)
      }
      let run = MaskedRun(
        golden.model, batch: batch.clean,
        masks: RunMasks(masks, segments: spans.segments(of: batch, from: 0)), ablated: ablated)
      return -run.forward().logits.rowProducts(signs).reduce(0, +) / prompts
    }
    for (span, offset) in scores.ranked().prefix(12) {
      let step: Float = 1e-2
      let slope = (loss(span, offset, 1 - step) - loss(span, offset, 1 + step)) / Double(2 * step)
      let score = Double(scores.parts[span].values[offset])
      #expect(abs(slope - score) <= 2e-3 + 1e-2 * abs(score), "\(graph.edge(at: offset))")
    }
  }

  @Test func `a circuit at all spans is the circuit`() throws {
    let circuit = try AttributionPatching.plain.scores(for: problem).circuit(edgeCount: 40)
    let evaluation = CircuitEvaluation(model: golden.model, task: problem.task)
    let positioned = SpanCircuit(
      names: spans.names, circuits: spans.names.map { _ in circuit })
    let found = evaluation.faithfulness(of: [positioned], and: [circuit], at: spans)
    #expect(found[0].circuit == found[1].circuit)
    #expect(positioned.edgeCount == 40 * spans.names.count && positioned.distinctEdgeCount == 40)
  }

  /// A head's output is linear in its values, so what spans bring adds up to what all of them do together.
  @Test func `values of all spans together`() throws {
    let values = { (spans: PromptSpans) in
      var sums: [Writer: Double] = [:]
      for crossing in try AttributionPatching.crossings(for: problem, at: spans)
      where crossing.projection == .value { sums[crossing.head, default: 0] += crossing.score }
      return sums
    }
    let whole = try values(
      PromptSpans(try #require(SpanChoice("all=0-99")), of: problem.task))
    let parts = try values(spans)
    #expect(whole.count > 4)
    let largest = whole.values.map(abs).max() ?? 0
    for (head, sum) in whole {
      #expect(abs(sum - (parts[head] ?? 0)) <= 1e-5 * largest, "\(head)")
    }
  }

  /// Tokens of few prompts fit into one tile, in which spans do not stand in the order of the prompts.
  @Test(arguments: [1, 2, 5, 9, 40]) func `any number of prompts`(count: Int) throws {
    let known = try PlantedCircuits.named("planted-induction")
    let problem = DiscoveryProblem(model: known.model, task: try known.task(count: count))
    let spans = try PromptSpans(.labels, of: problem.task)
    let scores = try AttributionPatching.plain.spanScores(for: problem, at: spans)
    let graph = problem.graph
    for (name, part) in zip(spans.names, scores.parts) where name != "end" {
      // Nothing but the last token's read is measured.
      for writer in 0..<graph.writerCount {
        #expect(part.values[writer * graph.readerCount + graph.logitsReader] == 0, "\(name)")
      }
    }
  }

  /// The induction circuit: what followed the first A is found at B, by a head that looked back from B to A.
  @Test(arguments: [UInt64(0), 1, 2]) func `a planted circuit and where it is`(seed: UInt64) throws
  {
    var options = PlantedCircuits.Options()
    options.seed = seed
    let known = try PlantedCircuits.named("planted-induction", options: options)
    let task = try known.task(count: 30)
    let problem = DiscoveryProblem(model: known.model, task: task)
    let spans = try PromptSpans(.labels, of: task)
    #expect(spans.names.sorted() == ["A", "B", "end", "rest"])
    let scores = try AttributionPatching.plain.spanScores(for: problem, at: spans)
    let circuit = scores.circuits(sizes: [3])[0]
    let truth = try #require(known.truth(for: .resample)).edges
    let expected = [
      "A": truth.filter { $0.writer == .input },
      "B": truth.filter { $0.writer != .input && $0.reader != .logits },
      "end": truth.filter { $0.reader == .logits },
    ]
    for (name, own) in zip(circuit.names, circuit.circuits) {
      #expect(own.edges == expected[name] ?? [], "\(name)")
    }
    let evaluation = CircuitEvaluation(model: known.model, task: task)
    let found = evaluation.faithfulness(of: [circuit], and: [], at: spans)
    #expect(abs(found[0].value - 1) < 0.1)
    // The induction head looks from the end to B, and the one before from B to A.
    let carried = try AttributionPatching.crossings(for: problem, at: spans).prefix(2)
    #expect(
      Set(carried.map { "\($0.projection) \($0.source) \($0.target)" })
        == ["key B end", "value A B"])
  }

  @Test func `only edges at spans that are kept`() throws {
    let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)
    let offsets = Array(graph.edgeOffsets)
    var values = [[Float]](
      repeating: [Float](repeating: 0, count: graph.writerCount * graph.readerCount), count: 2)
    (values[0][offsets[2]], values[1][offsets[2]], values[1][offsets[0]]) = (1, -3, 2)
    let scores = SpanScores(
      names: ["a", "b"], parts: values.map { EdgeScores($0, graph: graph) })
    let ranked = scores.ranked().prefix(3)
    #expect(ranked.map(\.span) == [1, 1, 0])
    #expect(ranked.map(\.offset) == [offsets[2], offsets[0], offsets[2]])
    #expect(scores.ranked(by: .signed).first?.span == 1)
    #expect(scores.circuits(sizes: [2])[0].circuits.map(\.edgeCount) == [0, 2])
  }
}
