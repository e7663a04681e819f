import Engine
import Foundation
import Graphs
import Methods
import Tasks
import TestSupport
import Testing

/// Ranks of several methods, pooled.
@Suite struct EnsembleTests {
  /// A method that scores as it is told.
  private struct Told: DiscoveryMethod {
    let scores: EdgeScores
    func scores(for problem: DiscoveryProblem, run: MethodRun) throws(MethodError) -> EdgeScores {
      scores
    }
  }

  private func problem() throws -> DiscoveryProblem {
    DiscoveryProblem(model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task())
  }

  private let graph = ThreeEdgeModel.model.graph

  /// Eight edges: one member ranks input->m0, m0->logits and input->logits first, the other the last two the other way
  /// round and the first one never.
  private func pooled(_ pooling: Ensemble.Pooling) throws -> EdgeScores {
    let one = EdgeScores(
      ["input->m0": -9, "m0->logits": 2, "input->logits": 1], graph: graph)
    let other = EdgeScores(
      ["input->m0": -.infinity, "m0->logits": 0.01, "input->logits": -0.02], graph: graph)
    return try Ensemble(members: [Told(scores: one), Told(scores: other)], pooling: pooling)
      .scores(for: problem())
  }

  @Test(
    arguments: [
      (.mean, [1 - 4.0 / 8, 1 - 1.0 / 8, 1 - 1.0 / 8]), (.min, [1, 1 - 1.0 / 8, 1]),
      (.max, [0, 1 - 1.0 / 8, 1 - 2.0 / 8]),
    ] as [(Ensemble.Pooling, [Double])])
  func `ranks are pooled by hand`(pooling: Ensemble.Pooling, expected: [Double]) throws {
    let scores = try pooled(pooling)
    let found = try ["input->m0", "m0->logits", "input->logits"].map {
      Double(scores[try #require(Edge($0))])
    }
    expectClose(found, expected, relative: 1e-7)
  }

  @Test func `what no member takes is never taken`() throws {
    let never = EdgeScores(["input->m0": -.infinity], graph: graph)
    let scores = try Ensemble(members: [Told(scores: never), Told(scores: never)])
      .scores(for: problem())
    #expect(scores[try #require(Edge("input->m0"))] == -.infinity)
    #expect(scores.ranked().count == 7)
  }

  @Test(arguments: Ensemble.Pooling.allCases)
  func `of one method twice it is that method's ranking`(
    pooling: Ensemble.Pooling
  ) throws {
    let golden = try GoldenModel("gpt2")
    let problem = DiscoveryProblem(model: golden.model, task: try golden.task(LogitDifference()))
    let member = AttributionPatching.plain
    let scores = try Ensemble(members: [member, member], pooling: pooling).scores(for: problem)
    #expect(scores.ranked() == (try member.scores(for: problem).ranked()))
  }

  @Test func `members are written with their options and read back`() throws {
    let text = "ensemble:of=eap+eap-ig:steps=5:rule=left+acdc:tau=0.001/0.01:by=min"
    let choice = try MethodChoice(text)
    #expect(choice.text == text)
    #expect(try MethodChoice(choice.text) == choice)
    let ensemble = try #require(choice.method.make(choice.options()) as? Ensemble)
    #expect(ensemble.members.count == 3 && ensemble.pooling == .min)
    #expect((ensemble.members[1] as? AttributionPatching)?.points == [0, 0.2, 0.4, 0.6, 0.8])
    #expect((ensemble.members[2] as? ACDC)?.thresholds == [0.001, 0.01])
    #expect(choice.method.passes(choice.options(), try problem()) == PassCount(2 + 7 + 18, 1 + 5))
    // Without options of its own, a member ranks every edge.
    let usual = try MethodChoice("ensemble:of=eap+acdc")
    #expect(
      ((usual.method.make(usual.options()) as? Ensemble)?.members[1] as? ACDC)?.thresholds.count
        == 11)
  }

  @Test func `runs are members by their paths`() throws {
    let choice = try MethodChoice("ensemble:of=/runs/a:b+./c+eap")
    #expect(choice.memberRuns.map(\.lastPathComponent) == ["a:b", "c"])
    #expect(choice.memberRuns.allSatisfy { $0.path.hasPrefix("/") })
    let known = EdgeScores(["input->m0": 1], graph: graph)
    let paths = choice.memberRuns.map(\.path)
    let made = { (scores: [String: EdgeScores]) in
      choice.method.make(choice.options(scores: scores))
    }
    let scores = try made([paths[0]: known, paths[1]: known]).scores(for: problem())
    #expect(scores.top(1)[0].edge == Edge("input->m0"))
    #expect(throws: MethodError.missingScores(paths[1])) {
      try made([paths[0]: known]).check(problem())
    }
    let other = EdgeScores([:], graph: ComputationGraph(layerCount: 2, headCount: 1, dModel: 4))
    #expect(throws: MethodError.missingScores(paths[0])) {
      try made([paths[0]: other, paths[1]: known]).scores(for: problem())
    }
  }

  @Test(arguments: [
    "ensemble:of=eap", "ensemble:of=eap+", "ensemble:of=eap+nope", "ensemble:of=eap+ensemble",
    "ensemble:of=eap+exact:among=x", "ensemble:of=eap+acdc:tau=-1", "ensemble:by=median",
  ]) func `what is no ensemble is refused`(text: String) {
    #expect(throws: MethodError.self) { try MethodChoice(text) }
  }

  @Test func `it goes on within the member that was interrupted`() throws {
    let problem = try problem()
    let ensemble = Ensemble(
      members: [AttributionPatching.plain, ExactPatching(), ACDC(thresholds: [0.1, 1])])
    var states: [Data] = []
    let whole = try ensemble.scores(
      for: problem,
      run: MethodRun(
        states: .init { make in
          if let state = try? make() { states.append(state) }
        }))
    #expect(states.count > 10)
    for state in states {
      let resumed = try ensemble.scores(
        for: problem, run: MethodRun(states: .init(saved: state) { _ in }))
      #expect(resumed == whole)
    }
    for state in ["{}", #"{"done":[[1]]}"#] {
      #expect(throws: MethodError.foreignState) {
        try ensemble.scores(
          for: problem, run: MethodRun(states: .init(saved: Data(state.utf8)) { _ in }))
      }
    }
  }
}
