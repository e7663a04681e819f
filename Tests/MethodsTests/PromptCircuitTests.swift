import Evaluation
import Graphs
import Methods
import Models
import Tasks
import TestSupport
import Testing

/// Circuits of single prompts on planted models of one and of two mechanisms.
@Suite struct PromptCircuitTests {
  private func problem(
    _ name: String, seed: UInt64 = 1, count: Int = 40
  ) throws -> (KnownCircuit, DiscoveryProblem) {
    var options = PlantedCircuits.Options()
    options.seed = seed
    let known = try PlantedCircuits.named(name, options: options)
    return (
      known, DiscoveryProblem(model: known.model, task: try known.task(count: count, seed: seed))
    )
  }

  private func parts(_ problem: DiscoveryProblem) throws -> [EdgeScores] {
    try DiscoveryMethods.named("eap-ig").make(MethodOptions()).promptScores(
      for: problem, groups: problem.task.pairs.indices.map { $0..<($0 + 1) }, run: MethodRun())
  }

  @Test(arguments: 0..<3 as Range<UInt64>)
  func `two mechanisms are two clusters, each with its own circuit`(
    seed: UInt64
  ) throws {
    let (known, problem) = try problem("planted-two-ways", seed: seed)
    let parts = try parts(problem)
    let found = PromptClusters(Similarities(of: parts), seed: 0)
    let partition = found.partition(of: parts.count)
    let truth = Partition(problem.task.pairs.map { Int($0.clean[$0.clean.count - 1]) })
    #expect(partition.adjustedRand(with: truth) >= 0.8)
    let selection = CircuitSelection(.edges(3))
    let single = EdgeScores(meanOf: parts).circuit(selection)
    let evaluation = CircuitEvaluation(model: known.model, task: problem.task)
    let measured = evaluation.promptCircuits([
      PromptCircuits(single, promptCount: parts.count),
      PromptCircuits(partition, of: parts, by: selection),
      PromptCircuits(parts.map { $0.circuit(selection) }, places: Array(parts.indices)),
    ])
    let unfaithful = measured.map(\.unfaithfulness)
    #expect(unfaithful[1] <= 0.75 * unfaithful[0], "\(unfaithful)")
    #expect(unfaithful[2] <= 0.75 * unfaithful[0], "\(unfaithful)")
  }

  @Test(
    arguments: ["planted-copy", "planted-induction", "planted-two-hops", "planted-or"],
    0..<3 as Range<UInt64>)
  func `one mechanism is one cluster`(name: String, seed: UInt64) throws {
    let (_, problem) = try problem(name, seed: seed)
    let parts = try parts(problem)
    let found = PromptClusters(Similarities(of: parts), seed: 0)
    let (isSplit, sizes) = (found.isSplit, found.best?.partition.clusters.map(\.count) ?? [])
    #expect(
      !isSplit,
      "\(sizes) \(found.best?.silhouette ?? 0) \(found.separation) \(found.deviation ?? 0)")
  }

  /// One circuit for all prompts is measured as such; circuits of their own are those of each prompt alone.
  @Test func `circuits of prompts are measured as each by itself`() throws {
    let (known, problem) = try problem("planted-two-ways", count: 12)
    let circuits = try parts(problem).map { $0.circuit(edgeCount: 20) }
    for scheme in [
      AblationScheme(),
      AblationScheme(.positionalMean(over: .corrupted), positions: .changedAndLast),
    ] {
      let evaluation = CircuitEvaluation(model: known.model, task: problem.task, scheme: scheme)
      let found = evaluation.promptCircuits([
        PromptCircuits(circuits[0], promptCount: 12),
        PromptCircuits(circuits, places: Array(circuits.indices)),
      ])
      let each = evaluation.faithfulness(of: circuits, by: [problem.task.metric]).map { $0[0] }
      expectClose(found[0].circuit.values, each[0].circuit.values, relative: 1e-5)
      expectClose(
        found[1].circuit.values, each.indices.map { each[$0].circuit.values[$0] }, relative: 1e-5)
      #expect(found[1].full == each[0].full && found[1].empty == each[0].empty)
    }
  }
}
