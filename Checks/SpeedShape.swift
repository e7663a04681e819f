import Edgewise
import Foundation

/// A model's shape and the times that a card should need for it, on 32 pairs of prompts of 16 tokens.
struct SpeedShape {
  let name: String
  let configuration: TransformerConfiguration
  let precision: CUDADevice.Precision
  /// How weights are stored.
  let format: ElementFormat
  /// Seconds that EAP and EAP-IG with 5 steps should take on an H100.
  let aims: (eap: Double, integrated: Double?)
  /// Whether single edges are patched, and circuits measured.
  var patches = false
  /// Whether the unembedding is the token embedding.
  var isTied = true

  static let all = [
    SpeedShape(
      name: "GPT-2 small", configuration: gpt2, precision: .float32, format: .f32,
      aims: (0.040, 0.150), patches: true),
    SpeedShape(
      name: "Llama-3.2-1B", configuration: llama(layers: 16, width: 2048, inner: 8192, head: 64),
      precision: .float32, format: .f32, aims: (0.130, 0.450)),
    SpeedShape(
      name: "Llama-3.1-8B", configuration: llama(layers: 32, width: 4096, inner: 14336, head: 128),
      precision: .bfloat16, format: .bf16, aims: (0.300, nil), isTied: false),
  ]

  private static let gpt2: TransformerConfiguration = {
    let heads = HeadSizes(count: 12, width: 64)
    return TransformerConfiguration(
      layers: .alike(12, heads: heads), heads: heads,
      mlp: MLPVariant(width: 3072, activation: .geluTanh), norm: NormVariant(.layer, epsilon: 1e-5),
      dModel: 768, vocabularySize: 50257, contextLength: 1024)
  }()

  private static func llama(layers: Int, width: Int, inner: Int, head: Int)
    -> TransformerConfiguration
  {
    let heads = HeadSizes(count: 32, keyValueCount: 8, width: head)
    let angles = (0..<(head / 2)).map { pow(500_000, -2 * Double($0) / Double(head)) }
    return TransformerConfiguration(
      layers: .alike(layers, rotaryFrequencies: angles, heads: heads), heads: heads,
      mlp: MLPVariant(width: inner, activation: .silu, isGated: true),
      norm: NormVariant(.rootMeanSquare, epsilon: 1e-5), dModel: width, vocabularySize: 128_256,
      contextLength: 1024)
  }

  /// Times everything and prints it, with its floor: the products of the passes at the card's own rate.
  func time(onDeviceNamed name: String) throws {
    let device = try Device(named: name, precision: precision)
    if case .cuda(let card) = device { card.forgetPeakMemory() }
    let model = try Transformer.random(self, on: device)
    let task = try Self.task(for: model)
    let problem = DiscoveryProblem(model: model, task: task)
    let rate = try matrixRate(on: device)
    let plain = try median(on: device) { twoForwardsOneBackward(model, task) }
    let eap = try median(on: device) { _ = try AttributionPatching.plain.scores(for: problem) }
    print(
      """
      \(self.name), \(precision.rawValue), 32 pairs of 16 tokens, \(Numbers.count(model.graph.edgeCount)) edges
        products of the passes' shapes             \(Numbers.fixed(rate * 1e-12, 1)) TFLOP/s
        two forwards + one backward                \(milliseconds(plain)), \(Numbers.fixed(plain * rate / operations, 2)) × its products
        EAP                                        \(milliseconds(eap)), \(Numbers.fixed(eap / plain, 2)) × the passes; aim \(milliseconds(aims.eap))
      """)
    if let aim = aims.integrated {
      let integrated = try median(of: 3, on: device) {
        _ = try AttributionPatching.integrated(steps: 5).scores(for: problem)
      }
      print(
        "  EAP-IG, 5 steps                            \(milliseconds(integrated)); aim \(milliseconds(aim))"
      )
    }
    if patches { try timePatches(problem, on: device) }
    if case .cuda(let card) = device {
      print(
        "  most memory of the card                    \(Numbers.count(card.peakMemory >> 20)) MiB, weights and all\n"
      )
    }
  }

  private func timePatches(_ problem: DiscoveryProblem, on device: Device) throws {
    let (model, graph) = (problem.model, problem.graph)
    let some = graph.readers.enumerated().filter { $0.offset % 97 == 96 }.map(\.element)
    let edges = graph.writers.flatMap { writer in some.map { Edge(writer, $0) } }
      .filter(graph.contains)
    let exact = try median(of: 3, on: device) {
      _ = try ExactPatching(edges: edges).scores(for: problem)
    }
    let scores = try AttributionPatching.plain.scores(for: problem)
    let evaluation = CircuitEvaluation(model: model, task: problem.task, ablation: .resample)
    let measure = { (shares: [Double]) in
      let circuits = shares.map { scores.circuit(edgeCount: graph.edgeCount(share: $0)) }
      return try median(of: 3, on: device) {
        _ = evaluation.faithfulness(of: circuits, by: [problem.task.metric])
      }
    }
    let one = try measure([0.01])
    print(
      """
        exact patching, \(Numbers.count(edges.count)) edges                \(milliseconds(exact / Double(edges.count))) an edge; aim \(milliseconds(0.005))
        a circuit of 1 %                           \(milliseconds(try measure([0.01, 0.01]) - one)); aim \(milliseconds(0.030)); with the full and the empty one \(milliseconds(one))
      """)
  }

  private func milliseconds(_ seconds: Double) -> String {
    "\(Numbers.fixed(1000 * seconds, 2)) ms"
  }

  private static func task(for model: Transformer) throws -> CircuitTask {
    var generator = SeededGenerator(seed: 2)
    let size = Int32(model.configuration.vocabularySize)
    let token = { Int32.random(in: 0..<size, using: &generator) }
    let pairs = (0..<32).map { _ in
      PromptPair(
        clean: (0..<16).map { _ in token() }, corrupted: (0..<16).map { _ in token() },
        answers: [token()], wrongAnswers: [token()])
    }
    return try CircuitTask(name: "random", pairs: pairs, metric: LogitDifference(), model: model)
  }

  private func twoForwardsOneBackward(_ model: Transformer, _ task: CircuitTask) {
    let batch = PairBatch(task.pairs)
    _ = PlainRun(model, batch: batch.corrupted).forward()
    let run = PlainRun(model, batch: batch.clean)
    let result = run.taped()
    let gradient = LogitDifference().measure(result.logits, of: batch).gradient
    _ = run.backward(gradient, result.tape)
  }

  /// The matrices of a layer, `[output, input]`.
  private var shapes: [(Int, Int)] {
    let (width, inner) = (configuration.dModel, configuration.dMLP)
    let heads = configuration.headCount * configuration.dHead
    let shared = configuration.keyValueHeadCount * configuration.dHead
    return [
      (heads, width), (shared, width), (shared, width), (width, heads), (inner, width),
      (width, inner),
    ]
      + (configuration.mlp.isGated ? [(inner, width)] : [])
  }

  /// Floating-point operations of the products of two forwards and one backward.
  private var operations: Double {
    let layer = shapes.reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let logits = 32.0 * Double(configuration.dModel) * Double(configuration.vocabularySize)
    return 3 * 2 * (512 * Double(configuration.layerCount) * layer + logits)
  }

  /// Operations per second of the products of a layer.
  private func matrixRate(on device: Device) throws -> Double {
    let operands = shapes.map { outputs, inputs in
      (
        RandomNumbers(.f32).matrix(512, inputs, on: device),
        RandomNumbers(format).matrix(outputs, inputs, on: device)
      )
    }
    let time = try median(on: device) {
      for _ in 0..<10 {
        for (x, weight) in operands { _ = Tensor.product(x.matrix, weight.matrix.transposed) }
      }
    }
    return 10 * 2 * 512 * shapes.reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / time
  }
}
