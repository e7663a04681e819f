import Edgewise

/// EAP on a random model of GPT-2 small's shape, 32 prompts of 16 tokens.
struct EAPBenchmark {
  private let model = Transformer.random(
    TransformerConfiguration(
      layerCount: 12, headCount: 12, keyValueHeadCount: 12, dModel: 768, dHead: 64, dMLP: 3072,
      vocabularySize: 50257, contextLength: 1024, activation: .geluTanh, isGated: false,
      isParallel: false, normIsCentred: true, normEpsilon: 1e-5, rotaryFrequencies: nil), seed: 1)
  private let rounds = 5

  func run() {
    let task = task()
    let problem = DiscoveryProblem(model: model, task: task)
    var rate = 0.0
    var plain = 0.0
    var eap = 0.0
    var masked = 0.0
    // Interleaved, so that a slow moment of the machine does not fall on one side alone.
    for round in 0..<rounds {
      rate = max(rate, matrixRate())
      let passes = shortest(of: 1) { twoForwardsOneBackward(task) }
      let scores = shortest(of: 1) {
        _ = try? AttributionPatching.plain.scores(for: problem)
      }
      let circuit = shortest(of: 1) { circuitRun(task) }
      (plain, eap, masked) =
        round == 0
        ? (passes, scores, circuit) : (min(plain, passes), min(eap, scores), min(masked, circuit))
    }
    let forward = shortest(of: rounds) { _ = model.logits(TokenBatch(task.pairs.map(\.clean))) }
    report(rate: rate, plain: plain, eap: eap, masked: masked, forward: forward)
  }

  private func report(rate: Double, plain: Double, eap: Double, masked: Double, forward: Double) {
    let limit = passOperations / rate
    print(
      """
      GPT-2-small shape, 32 prompts × 16 tokens, \(ProcessSettings.threadCount) threads, best of \(rounds)
      matrix rate of products of that shape      \(Numbers.fixed(rate * 1e-9, 0)) GFLOP/s
      two forwards + one backward                \(Numbers.fixed(plain)) s
      EAP, all \(Numbers.count(model.graph.edgeCount)) edges                      \(Numbers.fixed(eap)) s
      EAP / (two forwards + one backward)        \(Numbers.fixed(eap / plain, 2)) ×
      EAP / (those passes at the matrix rate)    \(Numbers.fixed(eap / limit, 2)) ×
      passes at the matrix rate                  \(Numbers.percent(limit / plain))
      all of EAP's products at the matrix rate   \(Numbers.percent((passOperations + scoringOperations) / rate / eap))
      one circuit's run / one forward            \(Numbers.fixed(masked / forward, 2)) ×
      peak memory                                \(Numbers.count(ProcessSettings.peakMemory >> 20)) MiB
      """)
  }

  /// Random prompts; only the shape matters.
  private func task() -> CircuitTask {
    var generator = SeededGenerator(seed: 2)
    let token = { Int32.random(in: 0..<50257, using: &generator) }
    let pairs = (0..<32).map { _ in
      PromptPair(
        clean: (0..<16).map { _ in token() }, corrupted: (0..<16).map { _ in token() },
        answers: [token()], wrongAnswers: [token()])
    }
    guard
      let task = try? CircuitTask(
        name: "random", pairs: pairs, metric: LogitDifference(), model: model)
    else { preconditionFailure("random tokens lie in the vocabulary") }
    return task
  }

  private func twoForwardsOneBackward(_ task: CircuitTask) {
    let batch = PairBatch(task.pairs)
    _ = PlainRun(model, batch: batch.corrupted).forward()
    let run = PlainRun(model, batch: batch.clean)
    let result = run.forward(keepsTape: true)
    let gradient = task.metric.evaluate(MetricInput(logits: result.logits, batch: batch)).gradient
    guard let tape = result.tape else { return }
    _ = run.backward(gradient, tape)
  }

  /// One forward pass through a circuit of 200 edges, ablated values at hand.
  private func circuitRun(_ task: CircuitTask) {
    let graph = model.graph
    let scores = EdgeScores(
      (0..<(graph.writerCount * graph.readerCount)).map { Float($0 % 7919) }, graph: graph)
    let mask = EdgeMask(scores.circuit(edgeCount: 200))
    for batch in task.batches(model.maskedBatch(withGradients: false)) {
      let ablated = AblatedStream(
        model.zeroWrites(tokenCount: batch.clean.tokens.count), model: model)
      _ = MaskedRun(model, batch: batch.clean, mask: mask, ablated: ablated).forward()
    }
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
