import Edgewise

/// The faithfulness of circuits of ten sizes, against one plain forward pass for each.
struct EvaluationBenchmark {
  let model: Transformer
  let task: CircuitTask
  private let rounds = 3

  func run() {
    guard
      let scores = try? AttributionPatching.plain.scores(
        for: DiscoveryProblem(model: model, task: task))
    else { preconditionFailure("a random model has scores") }
    for ablation in [Ablation.resample, .mean()] { compare(scores, ablation) }
  }

  private func compare(_ scores: EdgeScores, _ ablation: Ablation) {
    let sizes = FaithfulnessCurve.fractions.map(model.graph.edgeCount(share:))
    let circuits = scores.circuits(edgeCounts: sizes)
    let evaluation = CircuitEvaluation(model: model, task: task, ablation: ablation)
    let clean = TokenBatch(task.pairs.map(\.clean))
    let empty = scores.circuit(edgeCount: 0)
    var forward = Double.infinity
    var all = Double.infinity
    var shared = Double.infinity
    let measure = { (circuits: [Circuit]) in
      shortest(of: 1) { _ = evaluation.faithfulness(of: circuits, by: [task.metric]) }
    }
    for _ in 0..<rounds {
      forward = min(forward, shortest(of: 1) { _ = model.logits(clean) })
      all = min(all, measure(circuits))
      shared = min(shared, measure([empty]))
    }
    // Once is enough for these: they only show where the time goes.
    let own = zip(sizes, circuits).map { size, circuit in
      "\(Numbers.count(size)) \(Numbers.fixed((measure([circuit]) - shared) / forward, 2))"
    }
    print(
      """
      ten sizes, \(ablation) ablation / ten forwards  \(Numbers.fixed(all / forward / 10, 2)) ×
        what all share / one forward             \(Numbers.fixed(shared / forward, 2)) ×
        each size's own run / one forward        \(own.joined(separator: ", "))
      """)
  }
}
