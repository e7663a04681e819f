import Engine
import Graphs
import Tasks
import Tensors

/// Runs on the way from ablated to clean inputs that keep little: for a batch, mostly one long prompt, whose kept values would
/// take more than a batch may.
///
/// Of a run only the residual stream before each layer is kept, and layers are run once more on the way back; what writers
/// change is formed as the clean run goes; and gradients are contracted some layers at a time. The scores are those of
/// ``PathRuns``, at a forward pass more for each point.
struct FrugalPathRuns: ScoreTerms {
  private let problem: DiscoveryProblem
  private let metric: any DifferentiableMetric
  private let method: AttributionPatching
  private let batch: PairBatch
  private let run: PlainRun
  private let difference: CompactWrites
  private let ablatedInput: Tensor
  private let reference: ReferenceLogits
  private let clean: PlainRun.Checkpoints

  /// Gradients of so many layers are held together: fewer would expand writers more often.
  private static let layersTogether = 4

  init(
    _ method: AttributionPatching, _ batch: PairBatch, _ problem: DiscoveryProblem,
    _ metric: any DifferentiableMetric
  ) {
    (self.method, self.batch, self.problem, self.metric) = (method, batch, problem, metric)
    let cache = batch.cache(problem.model)
    var difference = problem.ablationValues.writes(for: batch, cache: cache, isMeasuredOnly: true)
    run = PlainRun(
      problem.model, batch: batch.clean, cache: cache, rules: method.rules, isMeasuredOnly: true)
    ablatedInput = difference.input
    difference.input = problem.model.embed(batch.clean) - difference.input
    clean = run.checkpoints { layer, heads, mlp in
      difference.heads[layer] = heads - difference.heads[layer]
      difference.mlps[layer] = mlp - difference.mlps[layer]
    }
    self.difference = difference
    reference = ReferenceLogits(clean.logits)
  }

  var tokens: [Range<Int>] { batch.clean.prompts }

  func contract(
    module: Int, _ segments: [[Range<Int>]], add: (_ segment: Int, _ terms: Tensor) -> Void
  ) {
    for point in method.points {
      let kept = point == 1 ? clean : run.checkpoints(given: .input(input(at: Float(point))))
      let gradient = metric.measure(kept.logits, of: batch, reference: reference).gradient
      run.backward(gradient, kept, layersTogether: Self.layersTogether) { gradients in
        run.contract(
          difference, with: [gradients], graph: problem.graph, segments: segments, add: add)
      }
    }
  }

  private func input(at point: Float) -> Tensor {
    var input = ablatedInput
    input.add(difference.input, scaledBy: point)
    return input
  }
}

/// Where terms of attribution patching's score come from.
protocol ScoreTerms {
  /// For each prompt, the tokens at which writers can differ from their ablated values.
  var tokens: [Range<Int>] { get }

  /// Hands out terms of the method's score, from runs in which a module is given its write.
  ///
  /// - Parameters:
  ///   - module: The module, counted as writers are.
  ///   - segments: Ranges of tokens whose terms belong together.
  ///   - add: Is given the place of a segment and terms `[writers, readers]` of its sum, in order.
  func contract(
    module: Int, _ segments: [[Range<Int>]], add: (_ segment: Int, _ terms: Tensor) -> Void)
}

extension AttributionPatching {
  /// Whether it can go without keeping all of a run.
  package var canBeFrugal: Bool {
    if case .differences = terms { path == .input } else { false }
  }

  /// The runs of a batch: those that keep little where all that a run keeps is more than a batch may take.
  func runs(
    _ batch: PairBatch, _ problem: DiscoveryProblem, _ metric: any DifferentiableMetric
  ) -> any ScoreTerms {
    canBeFrugal && problem.model.isLong(tokens: batch.clean.tokens.count)
      ? FrugalPathRuns(self, batch, problem, metric) : PathRuns(self, batch, problem, metric)
  }
}
