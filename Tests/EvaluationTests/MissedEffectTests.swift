import Evaluation
import Graphs
import Methods
import Tasks
import TestSupport
import Testing

/// What edges outside of a circuit may do.
@Suite struct MissedEffectTests {
  private func problem(_ seed: UInt64) throws -> (DiscoveryProblem, Circuit) {
    var options = PlantedCircuits.Options()
    options.seed = seed
    let known = try PlantedCircuits.named("planted-copy", options: options)
    let problem = DiscoveryProblem(model: known.model, task: try known.task(count: 20))
    return (problem, try #require(known.truth(for: .resample)))
  }

  /// Exact effects of single edges lie within the bounds, and that of an edge that was left out is found.
  @Test(arguments: [UInt64(0), 1, 2]) func `bounds hold`(seed: UInt64) throws {
    let (problem, truth) = try problem(seed)
    let exact = try ExactPatching().scores(for: problem)
    let evaluation = CircuitEvaluation(model: problem.model, task: problem.task)
    let left = try #require(truth.edges.first)
    for circuit in [truth, try #require(Circuit([left], graph: problem.graph))] {
      let found = evaluation.missedEffects(outsideOf: circuit, sets: 200, seed: seed)
      #expect(found.edges.count == problem.graph.edgeCount - circuit.edgeCount)
      // Effects add up but for a little, here for less than 1/2,000 of the largest.
      let odd = exact.values.map { Double(abs($0)) }.max().map { $0 / 2000 } ?? 0
      for missed in found.edges {
        #expect(
          abs(Double(exact[missed.edge]) - missed.estimate) <= missed.margin + odd, "\(missed.edge)"
        )
      }
      let omitted = truth.edges.filter { !circuit.contains($0) }
      for edge in omitted { #expect(found.certain.map(\.edge).contains(edge)) }
      #expect(found.bound >= omitted.map { Double(abs(exact[$0])) }.max() ?? 0)
    }
  }

  /// What is left of a bound with any number of sets is the effect itself.
  @Test func `more sets, smaller margins`() throws {
    let (problem, truth) = try problem(0)
    let evaluation = CircuitEvaluation(model: problem.model, task: problem.task)
    let found = [50, 800].map { evaluation.missedEffects(outsideOf: truth, sets: $0) }
    let margins = found.map { found in
      found.edges.reduce(0) { $0 + $1.margin } / Double(found.edges.count)
    }
    #expect(margins[1] < margins[0] / 2)
    #expect(found[1].bound < found[0].bound)
  }

  /// With few sets some edges are in none, and no bound speaks of them.
  @Test func `edges that no set has`() {
    let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 4)
    let edges = graph.edgeOffsets.map(graph.edge(at:))
    let found = MissedEffects(
      edges: [
        MissedEffects.Missed(edge: edges[0], estimate: 0, margin: .infinity),
        MissedEffects.Missed(edge: edges[1], estimate: -2, margin: 0.5),
      ], setCount: 8, share: 0.5, confidence: 0.95)
    #expect(found.bound == 2.5 && found.unseenCount == 1 && found.certain.count == 1)
  }

  @Test func `nothing outside`() throws {
    let (problem, _) = try problem(0)
    let evaluation = CircuitEvaluation(model: problem.model, task: problem.task)
    let whole = Circuit(offsets: [], graph: problem.graph).complement
    #expect(evaluation.missedEffects(outsideOf: whole, sets: 8).edges.isEmpty)
  }
}
