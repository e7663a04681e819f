// A circuit by a method of one's own: what another package would write, with public declarations only.
import Edgewise

/// Scores edges at random: what every method must beat.
struct RandomScores: DiscoveryMethod {
  let seed: UInt64

  func scores(
    for problem: DiscoveryProblem, run: MethodRun
  ) throws(MethodError) -> EdgeScores {
    var state = seed
    let count = problem.graph.writerCount * problem.graph.readerCount
    let numbers = (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 24)
    }
    return EdgeScores(numbers, graph: problem.graph)
  }
}

let model = Transformer.bundled()
let pairs = try Induction().pairs(count: 40, seed: 0, model: model)
let task = try CircuitTask(
  name: "induction", pairs: pairs, metric: LogitDifference(), model: model)
let problem = DiscoveryProblem(model: model, task: task)
let evaluation = CircuitEvaluation(model: model, task: task, ablation: .resample)
let methods: [(String, any DiscoveryMethod)] = [
  ("random", RandomScores(seed: 1)), ("EAP", AttributionPatching.plain),
]
for (name, method) in methods {
  let circuit = try method.scores(for: problem).circuit(edgeCount: 5)
  print("\(name): \(Numbers.percent(evaluation.faithfulness(of: circuit).value))")
}
