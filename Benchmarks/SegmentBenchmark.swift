import Edgewise
import Foundation

/// What masks and scores of single prompts cost, against those of all prompts, and a step of training a mask.
struct SegmentBenchmark {
  let model: Transformer
  let task: CircuitTask
  private let rounds = 3

  func run() {
    scores()
    step()
  }

  /// EAP of all prompts, and of each by itself in one run.
  private func scores() {
    let problem = DiscoveryProblem(model: model, task: task)
    let groups = task.pairs.indices.map { $0..<($0 + 1) }
    var (whole, each) = (Double.infinity, Double.infinity)
    for _ in 0..<rounds {
      whole = min(
        whole, shortest(of: 1) { _ = try? AttributionPatching.plain.scores(for: problem) })
      each = min(
        each,
        shortest(of: 1) {
          _ = try? AttributionPatching.plain.promptScores(
            for: problem, groups: groups, run: MethodRun())
        })
    }
    let shared = DiscoveryProblem(
      model: model, task: Workload.task(for: model, prompts: task.pairs.count, sharing: 8))
    let half = shortest(of: rounds) {
      _ = try? AttributionPatching.plain.scores(for: shared)
    }
    print(
      """
      EAP of each of \(groups.count) prompts / EAP of all       \(Numbers.fixed(each / whole, 2)) ×
      EAP of pairs whose first half is shared    \(Numbers.fixed(half / whole, 2)) ×
      """)
  }

  /// One masked forward and backward to the mask, with a mask for all prompts and one for each.
  private func step() {
    let pairs = PairBatch(Array(task.pairs.prefix(8)))
    let corrupted = PlainRun(model, batch: pairs.corrupted).forward()
    let ablated = AblatedStream(corrupted.writes, model: model)
    let mask = EdgeMask(0.5, graph: model.graph)
    let run = { (masks: RunMasks) in
      let run = MaskedRun(model, batch: pairs.clean, masks: masks, ablated: ablated)
      let result = run.taped()
      let gradient = LogitDifference().measure(result.logits, of: pairs).gradient
      _ = run.backward(gradient, result.tape, wanting: .mask)
    }
    let one = RunMasks(mask, tokenCount: pairs.clean.tokens.count)
    let each = RunMasks(
      [EdgeMask](repeating: mask, count: pairs.promptCount), promptsOf: pairs.clean)
    var times = [Double](repeating: .infinity, count: 3)
    for _ in 0..<rounds {
      times[0] = min(
        times[0], shortest(of: 1) { _ = PlainRun(model, batch: pairs.clean).forward() })
      times[1] = min(times[1], shortest(of: 1) { run(one) })
      times[2] = min(times[2], shortest(of: 1) { run(each) })
    }
    print(
      """
      masked forward + backward / plain forward  \(Numbers.fixed(times[1] / times[0], 2)) ×, 8 prompts
        with a mask for each prompt              \(Numbers.fixed(times[2] / times[0], 2)) ×
      """)
    trainings(pairs, forward: times[0])
  }

  /// A step of each kind of training, masks drawn and numbers moved, in plain forward passes of its batch.
  private func trainings(_ pairs: PairBatch, forward: Double) {
    let problem = DiscoveryProblem(
      model: model, task: task.restricted(to: 0..<pairs.promptCount))
    let settings = TrainingSettings(steps: 10, promptCount: pairs.promptCount)
    let methods: [(name: String, method: any MaskMethod)] = [
      ("sp-edges", SubnetworkProbing(level: .edges, settings: settings)),
      ("edge-pruning", EdgePruning(settings: settings)),
      ("ugs, 1 draw", UniformGradientSampling(.uniform, drawCount: 1, settings: settings)),
      ("mattr", MaskAttribution(settings: settings)),
    ]
    for (name, method) in methods {
      guard var training = try? method.training(for: problem) else { continue }
      let step = shortest(of: rounds) { _ = try? training.advance() }
      let label = "  step of \(name) / plain forward".padding(
        toLength: 43, withPad: " ", startingAt: 0)
      print(label + Numbers.fixed(step / forward, 2) + " ×")
    }
  }
}
