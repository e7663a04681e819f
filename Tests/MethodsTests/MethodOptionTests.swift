import Engine
import Graphs
import Models
import Tasks
import Tensors
import TestSupport
import Testing

import Methods

/// Every option of a method does what it says, on a model of three edges or by an identity.
@Suite struct MethodOptionTests {
  /// The three edges' task; turned round, every edge opposes it.
  private func problem(turned: Bool = false) throws -> DiscoveryProblem {
    let pairs = ThreeEdgeModel.pairs.map {
      PromptPair(
        clean: $0.clean, corrupted: $0.corrupted, answers: turned ? $0.wrongAnswers : $0.answers,
        wrongAnswers: turned ? $0.answers : $0.wrongAnswers)
    }
    return DiscoveryProblem(
      model: ThreeEdgeModel.model,
      task: try CircuitTask(
        name: "three-edge", pairs: pairs, metric: LogitDifference(), model: ThreeEdgeModel.model))
  }

  private func names(_ scores: EdgeScores) -> Set<String> {
    Set(scores.circuit(threshold: 1e-6).edges.map(\.description))
  }

  /// Ablating `m0->logits` moves the mean loss by 3, `input->logits` by 1.5.
  @Test(arguments: [
    (1, ["input->m0", "m0->logits", "input->logits"]), (2, ["input->m0", "m0->logits"]), (4, []),
  ])
  func `ACDC keeps edges that oppose the task by magnitude only`(
    threshold: Double, kept: [String]
  ) throws {
    let kept = Set(kept)
    for usesMagnitude in [false, true] {
      let method = ACDC(thresholds: [threshold], usesMagnitude: usesMagnitude)
      #expect(try names(method.scores(for: problem())) == kept)
      #expect(
        try names(method.scores(for: problem(turned: true))) == (usesMagnitude ? kept : []))
    }
  }

  @Test func `exact patching of chosen edges leaves the others at 0`() throws {
    let all = try ExactPatching().scores(for: problem())
    let edges = ["input->logits", "input->m0"].compactMap { Edge($0) }
    let some = try ExactPatching(edges: edges).scores(for: problem())
    #expect(names(some) == ["input->logits", "input->m0"] && names(all).count == 3)
    for edge in edges { #expect(some[edge] == all[edge]) }
    #expect(try names(ExactPatching(edges: []).scores(for: problem())).isEmpty)
  }

  /// Where the gradient is the same everywhere, so is its mean over points and modules.
  @Test func `paths along modules average over all modules`() throws {
    for steps in [1, 3] {
      let scores = try AttributionPatching.integrated(along: .modules, steps: steps)
        .scores(for: problem())
      let found = ["input->logits", "m0->logits"].compactMap { Edge($0) }.map {
        Double(scores[$0])
      }
      expectClose(found, [1.5, 3], relative: 1e-5)
    }
  }

  @Test func `options reach the methods`() throws {
    let training = TrainingSettings(steps: 7, learningRate: 0.3, sparsity: 2, seed: 9)
    let edges = [Edge(.input, .logits)]
    let make = { (text: String) in
      let choice = try MethodChoice(text)
      return choice.method.make(choice.options(seed: 9, edges: edges))
    }
    for (name, published) in [("eap-ig", [0, 0.5]), ("eap-ig-activations", [0.5, 1])] {
      let midpoint = try make("\(name):steps=2:rule=midpoint") as? AttributionPatching
      #expect(midpoint?.points == [0.25, 0.75])
      #expect(try (make("\(name):steps=2") as? AttributionPatching)?.points == published)
    }
    let acdc = try #require(try make("acdc:tau=0.5/0.25:absolute") as? ACDC)
    #expect(acdc.thresholds == [0.25, 0.5] && acdc.usesMagnitude)
    #expect(acdc.ownCircuit == CircuitSelection(.threshold(0.25)))
    #expect(try (make("acdc") as? ACDC)?.usesMagnitude == false)
    for (name, level) in [("sp", MaskLevel.nodes), ("sp-edges", .edges)] {
      let method = try #require(
        try make("\(name):steps=7:rate=0.3:sparsity=2") as? SubnetworkProbing)
      #expect(method.level == level && method.settings == training)
    }
    #expect(try (make("exact:among=x") as? ExactPatching)?.edges == edges)
    #expect(try (make("hisp") as? HeadImportance)?.level == .nodes)
    #expect(try (make("hisp-edges") as? HeadImportance)?.level == .edges)
  }

  /// Eight edges and one layer, so three modules.
  @Test(arguments: [
    ("eap", 2, 1), ("eap-ig:steps=4", 6, 4), ("eap-ig-activations:steps=4", 14, 12),
    ("clean-corrupted", 3, 2), ("exact", 10, 0), ("acdc:tau=0.1/0.2", 18, 0), ("hisp", 1, 1),
    ("hisp-edges", 1, 1), ("gim", 2, 1), ("attnlrp", 2, 1), ("ceap:steps=4", 6, 4),
    ("expected-gradients", 3, 1), ("graddrop", 2, 1), ("atp-star", 5, 1),
    ("eap-gp:steps=4", 7, 8), ("nap", 2, 1), ("nap-ig:steps=4", 6, 4), ("ifr", 1, 0),
  ]) func `passes are counted`(method: String, forward: Int, backward: Int) throws {
    let choice = try MethodChoice(method)
    let passes = choice.method.passes(choice.options(), try problem())
    #expect(passes == PassCount(forward, backward))
  }

  @Test(arguments: [
    ("acdc:absolute:tau=0.1/0.2", "acdc:tau=0.1/0.2:absolute", "acdc with tau 0.1/0.2, absolute"),
    ("acdc:absolute=false", "acdc:absolute=false", "acdc with tau 0.01"),
    ("eap-ig:rule=right", "eap-ig:rule=right", "eap-ig with steps 5, rule right"),
    ("eap", "eap", "eap"),
    (
      "sp:rate=1e-2", "sp:rate=0.01",
      "sp with steps 300, rate 0.01, loss task, prompts 0, sparsity 1.0"
    ),
  ]) func `a choice is read and written`(text: String, canonical: String, says: String) throws {
    let choice = try MethodChoice(text)
    #expect(choice.text == canonical && choice.description == says)
    #expect(try MethodChoice(canonical) == choice)
    #expect(try MethodChoice.list("eap,\(text)").map(\.text) == ["eap", canonical])
  }

  @Test func `what is set stays when the rest is filled in`() throws {
    let others = ["tau": "0.1", "absolute": "true"]
    #expect(
      try MethodChoice("acdc:tau=0.5").completed(by: others).text == "acdc:tau=0.5:absolute")
    #expect(try MethodChoice("acdc").completed(by: others).text == "acdc:tau=0.1:absolute")
  }

  @Test(arguments: [
    ("odd", "no method \"odd\""), ("acdc:taw=1", "did you mean tau?"),
    ("eap:steps=1", "The method eap has no options"), ("eap-ig:steps=0", "from 1 to 1000000"),
    ("eap-ig:steps", "found \"\""), ("eap-ig:rule=odd", "left, right or midpoint"),
    ("acdc:tau=0.1/", "with slashes between"), ("acdc:tau=inf", "with slashes between"),
    ("acdc:absolute=maybe", "nothing, true or false"), ("sp:rate=0", "more than 0"),
    ("sp:sparsity=-1", "0 or more"), ("sp:steps=3:steps=4", "one value"), ("", "no method"),
  ]) func `what is no choice is told in a sentence`(text: String, says: String) {
    let error = #expect(throws: MethodError.self) { try MethodChoice(text) }
    #expect(error?.description.contains(says) ?? false, "\(error?.description ?? "")")
  }

  @Test func `a step of training is a share of a pass`() throws {
    let many = [[PromptPair]](repeating: ThreeEdgeModel.pairs, count: 400).flatMap(\.self)
    let problem = DiscoveryProblem(
      model: ThreeEdgeModel.model,
      task: try CircuitTask(
        name: "many", pairs: many, metric: LogitDifference(), model: ThreeEdgeModel.model))
    let batches = problem.task.batches(problem.model.maskedBatch(withGradients: true)).count
    #expect(batches > 1)
    let choice = try MethodChoice("sp:steps=\(3 * batches)")
    let passes = choice.method.passes(choice.options(), problem)
    #expect(passes == PassCount(5, 3))
    // Batches of five prompts, twice over, each prompt three times at once.
    let ugs = try MethodChoice("ugs:prompts=5:draws=3:steps=\(2 * many.count / 5)")
    #expect(ugs.method.passes(ugs.options(), problem) == PassCount(2 + 2 * 3, 2 * 3))
  }

  @Test(arguments: [Ablation.mean(), .positionalMean(), .resample])
  func `scores of parts average to those of the whole`(ablation: Ablation) throws {
    let golden = try GoldenModel("gpt2")
    let problem = DiscoveryProblem(
      model: golden.model, task: try golden.task(LogitDifference()), ablation: ablation)
    let count = problem.task.pairs.count
    let parts = try [0..<1, 1..<count].map { range in
      try AttributionPatching.plain.scores(for: problem.restricted(to: range)).values.map {
        Double($0) * Double(range.count)
      }
    }
    expectClose(
      zip(parts[0], parts[1]).map { ($0 + $1) / Double(count) },
      try AttributionPatching.plain.scores(for: problem).values.map(Double.init), relative: 1e-5)
  }

  /// Importance is a magnitude of each prompt, and each layer has one unit of it.
  @Test(arguments: ["gpt2", "llama"]) func `importance has no sign and unit length`(family: String)
    throws
  {
    let golden = try GoldenModel(family)
    let task = try golden.task(LogitDifference())
    let turned = try CircuitTask(
      name: "turned",
      pairs: task.pairs.enumerated().map { index, pair in
        index % 2 == 0
          ? pair
          : PromptPair(
            clean: pair.clean, corrupted: pair.corrupted, answers: pair.wrongAnswers,
            wrongAnswers: pair.answers)
      }, metric: task.metric, model: golden.model)
    let graph = golden.graph
    for level in MaskLevel.allCases {
      let method = HeadImportance(level: level)
      let scores = try method.scores(for: DiscoveryProblem(model: golden.model, task: task))
      let other = try method.scores(for: DiscoveryProblem(model: golden.model, task: turned))
      expectClose(
        other.values.map(Double.init), scores.values.map(Double.init), relative: 1e-5)
      #expect(scores.values.allSatisfy { $0 >= 0 })
      for layer in 0..<graph.layerCount {
        // By nodes, an edge out of the input scores what its reader does.
        let squares = graph.edgeOffsets.filter {
          graph.layer(ofReader: $0 % graph.readerCount) == layer
            && (level == .edges || $0 < graph.readerCount)
        }.reduce(0.0) { $0 + Double(scores.values[$1] * scores.values[$1]) }
        #expect(abs(squares - 1) < 1e-5, "\(level) \(layer)")
      }
    }
  }

  /// Scores of attention are products of queries and keys, so a factor does the same at either.
  @Test(arguments: ["gpt2", "gpt_neox", "llama", "qwen2"])
  func `a head's queries and keys matter alike`(
    family: String
  ) throws {
    let golden = try GoldenModel(family)
    let task = try golden.task(LogitDifference())
    let plain = PlainRun(golden.model, batch: golden.clean)
    let clean = plain.taped()
    let gradients = plain.backward(
      LogitDifference().measure(clean.logits, of: PairBatch(task.pairs)).gradient, clean.tape)
    let products = plain.nodeProducts(clean, gradients, graph: golden.graph)
    let sums = (0..<golden.graph.logitsReader).map { reader in
      products.row(reader).reduce(0.0) { $0 + Double($1) }
    }
    for layer in 0..<golden.graph.layerCount {
      let (queries, keys) = (
        golden.graph.headReaders(layer: layer, .query), golden.graph.headReaders(layer: layer, .key)
      )
      #expect(queries.contains { abs(sums[$0]) > 1e-3 })
      expectClose(
        keys.map { sums[$0] }, queries.map { sums[$0] }, relative: 1e-4, to: 1, "\(layer)")
    }
  }

  /// A path may have colons; what names an option is one.
  @Test func `paths with colons`() throws {
    let choice = try MethodChoice("exact:among=/runs/12:30:05/circuit=b.json")
    #expect(choice.values == ["among": "/runs/12:30:05/circuit=b.json"])
    #expect(try MethodChoice(choice.text) == choice)
    #expect(throws: MethodError.self) { try MethodChoice("exact:among=a:among=b") }
    #expect(throws: MethodError.self) { try MethodChoice("exact:amung=a:b") }
    #expect(throws: MethodError.self) { try MethodChoice("acdc:tau=0.1:b") }
  }
}
