import Engine
import Foundation
import Graphs
import Methods
import Models
import Tasks
import Tensors
import TestSupport
import Testing

/// Laws of methods that have no reference values.
@Suite struct MethodTests {
  /// A model without norms and non-linearities: two layers whose only heads copy from each token to itself.
  private func linearProblem() throws -> DiscoveryProblem {
    let configuration = TransformerConfiguration(
      layers: .alike(2, heads: HeadSizes(count: 2, width: 3)),
      heads: HeadSizes(count: 2, width: 3), mlp: MLPVariant(width: 5, activation: .relu),
      norm: NormVariant(.none), dModel: 6, vocabularySize: 7, contextLength: 1)
    let random = Transformer.random(configuration, seed: 3)
    var weights = random.weights
    for layer in weights.blocks.indices {
      weights.blocks[layer].attentionNorm = .identity
      weights.blocks[layer].mlpNorm = .identity
      // A ReLU with a large bias is a sum.
      weights.blocks[layer].mlp.up.bias = Tensor([Float](repeating: 100, count: 5), shape: [5])
    }
    weights.finalNorm = .identity
    let model = Transformer(name: "linear", configuration: configuration, weights: weights)
    // One token attends to itself, whatever its query and key.
    let pairs = (0..<5 as Range<Int32>).map {
      PromptPair(clean: [$0], corrupted: [$0 + 2], answers: [$0], wrongAnswers: [$0 + 1])
    }
    return DiscoveryProblem(
      model: model,
      task: try CircuitTask(name: "linear", pairs: pairs, metric: LogitDifference(), model: model))
  }

  @Test func `on a linear model every gradient method is exact`() throws {
    let problem = try linearProblem()
    let exact = try ExactPatching().scores(for: problem).values.map(Double.init)
    for name in ["eap", "eap-ig", "clean-corrupted"] {
      let method = try DiscoveryMethods.named(name).make(
        MethodOptions(values: ["rule": "midpoint"]))
      let scores = try method.scores(for: problem)
      expectClose(scores.values.map(Double.init), exact, relative: 1e-4, name)
    }
  }

  @Test(arguments: ["gpt2", "gpt_neox", "llama"])
  func `clean-corrupted is the mean of the gradients of two runs`(family: String) throws {
    let golden = try GoldenModel(family)
    let task = try golden.task(LogitDifference())
    let problem = DiscoveryProblem(model: golden.model, task: task)
    let swapped = DiscoveryProblem(
      model: golden.model,
      task: try CircuitTask(
        name: "swapped",
        pairs: task.pairs.map {
          PromptPair(
            clean: $0.corrupted, corrupted: $0.clean, answers: $0.answers,
            wrongAnswers: $0.wrongAnswers)
        }, metric: task.metric, model: golden.model))
    let clean = try AttributionPatching.plain.scores(for: problem).values
    // Of the other direction both differences have the other sign.
    let corrupted = try AttributionPatching.plain.scores(for: swapped).values
    expectClose(
      try AttributionPatching.cleanAndCorrupted.scores(for: problem).values.map(Double.init),
      zip(clean, corrupted).map { (Double($0) - Double($1)) / 2 }, relative: 1e-4)
  }

  /// At α = 1 each run is the clean one; only gradients through the given module are missing.
  @Test(arguments: ["gpt2", "gpt_neox", "llama"])
  func `gradients do not flow through a given write`(family: String) throws {
    let golden = try GoldenModel(family)
    let metric = LogitDifference()
    let task = try golden.task(metric)
    let plain = PlainRun(golden.model, batch: golden.clean)
    let clean = plain.taped()
    let gradient = metric.measure(clean.logits, of: PairBatch(task.pairs)).gradient
    let graph = golden.graph
    let difference = clean.writes - golden.ablated(by: "resample")
    for layer in 0..<graph.layerCount {
      for given in [
        PlainRun.GivenWrite.heads(clean.writes.heads[layer], layer: layer),
        .mlp(clean.writes.mlps[layer], layer: layer),
      ] {
        let result = plain.taped(given: given, from: clean)
        expectClose(result.logits, clean.logits, relative: 1e-6)
        var sums = Sums(count: graph.writerCount * graph.readerCount)
        let tape = result.tape
        plain.contract(
          difference, with: plain.backward(gradient, tape, given: given), graph: graph,
          into: &sums)
        let mlp = try #require(graph.mlp(layer: layer)).reader
        let readers =
          switch given {
          case .mlp: mlp..<(mlp + 1)
          default: graph.headReaders(layer: layer)
          }
        let values = sums.values()
        #expect(
          values.indices.allSatisfy {
            !readers.contains($0 % graph.readerCount) || values[$0] == 0
          })
      }
    }
  }

  @Test func `the midpoint rule converges fastest`() throws {
    let golden = try GoldenModel("gpt2")
    let problem = DiscoveryProblem(model: golden.model, task: try golden.task(Divergence.kl))
    let exact = try AttributionPatching.integrated(steps: 200, rule: .midpoint).scores(for: problem)
    let errors = try AttributionPatching.Rule.allCases.map { rule in
      let scores = try AttributionPatching.integrated(steps: 10, rule: rule).scores(for: problem)
      return zip(scores.values, exact.values).map { abs($0 - $1) }.max() ?? 0
    }
    #expect(errors[2] < 0.5 * min(errors[0], errors[1]))
  }

  /// Head importance by factors at values, against differences of masked runs' metrics.
  @Test(arguments: ["gpt2", "llama"])
  func `node products are derivatives of factors`(family: String) throws {
    let golden = try GoldenModel(family)
    let metric = LogitDifference()
    let task = try golden.task(metric)
    let plain = PlainRun(golden.model, batch: golden.clean)
    let clean = plain.taped()
    let batch = PairBatch(task.pairs)
    let gradient = metric.measure(clean.logits, of: batch).gradient
    let gradients = plain.backward(gradient, clean.tape)
    let graph = golden.graph
    let products = plain.nodeProducts(clean, gradients, graph: graph)
    for layer in 0..<graph.layerCount {
      let changed = { (factor: Float) -> Double in
        var write = clean.writes.mlps[layer]
        write.scale(by: factor)
        let logits = plain.taped(given: .mlp(write, layer: layer)).logits
        return metric.measure(logits, of: batch).values.reduce(0, +)
      }
      let difference = (changed(1.01) - changed(0.99)) / 0.02
      let mlp = try #require(graph.mlp(layer: layer))
      let found = products.row(mlp.reader).reduce(0.0) { $0 + Double($1) }
      #expect(abs(difference - found) < 2e-3 * max(abs(found), 1))
      // Values enter linearly: factors at all of a layer's values are those at its heads' outputs.
      let whole = { (factor: Float) -> Double in
        var z = clean.writes.heads[layer]
        z.scale(by: factor)
        let logits = plain.taped(given: .heads(z, layer: layer)).logits
        return metric.measure(logits, of: batch).values.reduce(0, +)
      }
      let values = graph.headReaders(layer: layer, .value).reduce(0.0) { sum, reader in
        sum + products.row(reader).reduce(0.0) { $0 + Double($1) }
      }
      let expected = (whole(1.01) - whole(0.99)) / 0.02
      #expect(abs(expected - values) < 2e-3 * max(abs(values), 1))
    }
  }

  @Test func `nodes induce edges`() {
    let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)
    // Readers: a0.h0<q>, <k>, <v>, m0, logits; writers: input, a0.h0, m0.
    let scores = EdgeScores(nodes: [0.1, 0.2, 0.3, 0.05], graph: graph)
    let expected: [String: Float] = [
      "input->a0.h0<q>": 0.1, "input->a0.h0<k>": 0.2, "input->a0.h0<v>": 0.3, "input->m0": 0.05,
      "a0.h0->m0": 0.05, "input->logits": 0.3, "a0.h0->logits": 0.3, "m0->logits": 0.05,
    ]
    for edge in scores.graph.edgeOffsets.map(graph.edge(at:)) {
      #expect(scores[edge] == expected[edge.description])
    }
  }

  @Test(arguments: ["eep", "acd", "eap-activations"]) func `near names are offered`(name: String) {
    let error = #expect(throws: MethodError.self) { try DiscoveryMethods.named(name) }
    #expect(error?.description.contains("did you mean") ?? false)
  }
}
