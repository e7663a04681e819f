import Edgewise

/// All edges scored by EAP, against the passes that it is made of.
struct EAPBenchmark {
  let model: Transformer
  let task: CircuitTask
  private let rounds = 5

  func run() {
    let problem = DiscoveryProblem(model: model, task: task)
    var rate = 0.0
    var plain = 0.0
    var eap = 0.0
    // Interleaved, so that a slow moment of the machine does not fall on one side alone.
    for round in 0..<rounds {
      rate = max(rate, matrixRate())
      let passes = shortest(of: 1) { twoForwardsOneBackward(task) }
      let scores = shortest(of: 1) {
        _ = try? AttributionPatching.plain.scores(for: problem)
      }
      (plain, eap) = round == 0 ? (passes, scores) : (min(plain, passes), min(eap, scores))
    }
    report(rate: rate, plain: plain, eap: eap)
  }

  private func report(rate: Double, plain: Double, eap: Double) {
    let limit = passOperations / rate
    print(
      """
      matrix rate of products of that shape      \(Numbers.fixed(rate * 1e-9, 0)) GFLOP/s
      two forwards + one backward                \(Numbers.fixed(plain)) s
      EAP, all \(Numbers.count(model.graph.edgeCount)) edges                      \(Numbers.fixed(eap)) s
      EAP / (two forwards + one backward)        \(Numbers.fixed(eap / plain, 2)) ×
      EAP / (those passes at the matrix rate)    \(Numbers.fixed(eap / limit, 2)) ×
      passes at the matrix rate                  \(Numbers.percent(limit / plain))
      all of EAP's products at the matrix rate   \(Numbers.percent((passOperations + scoringOperations) / rate / eap))
      peak memory                                \(Numbers.count(ProcessSettings.peakMemory >> 20)) MiB
      """)
  }

  private func twoForwardsOneBackward(_ task: CircuitTask) {
    let batch = PairBatch(task.pairs)
    _ = PlainRun(model, batch: batch.corrupted).forward()
    let run = PlainRun(model, batch: batch.clean)
    let result = run.taped()
    let gradient = LogitDifference().measure(result.logits, of: batch).gradient
    _ = run.backward(gradient, result.tape)
  }

  /// Floating-point operations of the products of two forwards and one backward.
  private var passOperations: Double {
    let layer = 4.0 * 768 * 768 + 2 * 768 * 3072
    let attention = 2.0 * 16 * 768  // scores and weighted values, for each token
    return 3 * (2 * 512 * 12 * (layer + attention) + 2 * 32 * 768 * 50257)
  }

  /// Operations of EAP's scoring: writers and readers expanded, and one multiply-add for each edge.
  private var scoringOperations: Double {
    let expansion = 2.0 * 512 * 12 * 4 * 768 * 768
    return expansion + 2 * 512 * 768 * Double(model.graph.edgeCount)
  }

  /// Operations per second of the products that a layer's passes are made of.
  private func matrixRate() -> Double {
    let shapes = [(768, 768), (768, 3072), (3072, 768)]
    let operations = shapes.reduce(0.0) { $0 + 2 * 512 * Double($1.0) * Double($1.1) }
    let operands = shapes.map { inputs, outputs in
      (Tensor(zeros: [512, inputs]), Tensor(zeros: [outputs, inputs]))
    }
    let seconds = shortest(of: 20) {
      for (x, weight) in operands { _ = Tensor.product(x.matrix, weight.matrix.transposed) }
    }
    return operations / seconds
  }
}
