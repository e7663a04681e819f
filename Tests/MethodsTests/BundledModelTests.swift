import Engine
import Graphs
import Methods
import Models
import Tasks
import Testing

/// The circuit that was written into the bundled model by hand is found.
@Suite struct BundledModelTests {
  private let written: Set = ["input->a0.h1<v>", "a0.h1->a1.h2<k>", "a1.h2->logits"]

  private func problem(_ metric: any Metric = LogitDifference()) throws -> DiscoveryProblem {
    let model = Transformer.bundled()
    let task = try CircuitTask(
      name: "induction", pairs: try Induction().pairs(count: 40, seed: 0, model: model),
      metric: metric, model: model)
    return DiscoveryProblem(model: model, task: task)
  }

  @Test(arguments: ["eap", "eap-ig", "exact"]) func `its three edges lead`(name: String) throws {
    let method = try DiscoveryMethods.named(name).make(MethodOptions())
    let top = try method.scores(for: problem()) { _ in }.top(4)
    #expect(Set(top.prefix(3).map(\.edge.description)) == written)
    #expect(top.prefix(3).allSatisfy { $0.score > 1 } && abs(top[3].score) < 0.2)
  }

  @Test func `metrics that say nothing about edges are refused`() throws {
    let kl = try problem(Divergence.kl)
    #expect(throws: MethodError.zeroGradient(metric: "kl")) {
      try AttributionPatching.plain.scores(for: kl)
    }
    let top = try AttributionPatching.integrated().scores(for: kl).top(3)
    #expect(Set(top.map(\.edge.description)) == written)
    #expect(throws: MethodError.notDifferentiable(metric: "accuracy")) {
      try AttributionPatching.plain.scores(for: problem(Accuracy()))
    }
    #expect(throws: MethodError.self) { try DiscoveryMethods.named("eep") }
  }

  @Test func `progress runs from nothing to everything`() throws {
    var seen: [RunProgress] = []
    _ = try AttributionPatching.plain.scores(for: problem()) { seen.append($0) }
    #expect(seen.first?.done == 0 && seen.last?.done == seen.last?.total)
  }
}
