import Engine
import Graphs
import Tasks
import Tensors

/// The runs of one batch, which share what does not depend on the mask.
struct BatchRuns {
  private let runs: InterventionRuns
  let batch: PairBatch
  /// The place of the first of its prompts among all of the task.
  private let first: Int
  var model: Transformer { runs.model }
  private let cache: KeyValueCache?
  private let way: Way
  /// The full model's logits on the clean prompts.
  let cleanLogits: Tensor
  private var ablatedWrites: [Ablation: CompactWrites] = [:]
  private var ablatedStarts: [Ablation: Start] = [:]
  private var intactStates: [Ablation: MaskedState] = [:]

  /// How the batch is run.
  private enum Way {
    /// Whole, from what other runs left, with the clean run among those.
    case whole(clean: PlainRun.TapedResult)
    /// A prompt that is too long for that, so many tokens at a time.
    case pieces(length: Int)
  }

  /// Ablated values and the run with every edge ablated.
  private struct Start {
    let ablated: AblatedStream
    let state: MaskedState
  }

  /// - Parameters:
  ///   - runs: The model, and what ablated edges carry.
  ///   - batch: Some of the task's prompts.
  ///   - first: The place of the first of them among all of the task.
  init(_ runs: InterventionRuns, batch: PairBatch, from first: Int) {
    self.runs = runs
    self.batch = batch
    self.first = first
    cache = batch.cache(runs.model)
    let run = PlainRun(runs.model, batch: batch.clean, cache: cache)
    if let length = runs.model.pieceLength(of: batch.clean) {
      way = .pieces(length: length)
      cleanLogits = run.forward().logits
    } else {
      let clean = run.taped()
      way = .whole(clean: clean)
      cleanLogits = clean.logits
    }
  }

  /// The logits under an intervention.
  mutating func logits(_ intervention: Intervention) -> Tensor { anchor(intervention).logits }

  /// A run that others start from.
  struct Anchor {
    let logits: Tensor
    /// What they start from; nil where runs are in pieces, each from the beginning.
    fileprivate let state: MaskedState?
  }

  /// A run under an intervention, for others that are much like it.
  mutating func anchor(_ intervention: Intervention) -> Anchor {
    switch way {
    case .whole(let clean):
      let result = whole(intervention, clean)
      return Anchor(logits: result.logits, state: result.state)
    case .pieces(let length):
      return Anchor(logits: inPieces(intervention, of: length), state: nil)
    }
  }

  /// The logits under an intervention by the ablation of an anchor's, from which only what differs is run.
  mutating func logits(_ intervention: Intervention, near anchor: Anchor) -> Tensor {
    guard let state = anchor.state else { return logits(intervention) }
    return run(intervention, start(intervention)).forward(from: state).logits
  }

  /// Lets go of what runs by one ablation share.
  mutating func forgetStates() {
    ablatedWrites = [:]
    ablatedStarts = [:]
    intactStates = [:]
  }

  /// A run under an intervention, from where there is least to do.
  ///
  /// Where all of the first layer is intact it starts from the clean run, and what lies above the first
  /// masked reader is not computed again; else from the run with every edge ablated.
  private mutating func whole(
    _ intervention: Intervention, _ clean: PlainRun.TapedResult
  ) -> MaskedRun.Result {
    let start = start(intervention)
    let run = run(intervention, start)
    guard runs.hasAllWeights, run.masks.isIntact(inLayer: 0) else {
      return run.forward(from: start.state)
    }
    return run.forward(from: intactState(intervention, clean, start))
  }

  /// The logits of a long prompt, of which nothing is kept but what ablated edges carry.
  private mutating func inPieces(_ intervention: Intervention, of length: Int) -> Tensor {
    PiecewiseRun(
      runs.circuitModel, batch: batch.clean, masks: intervention.masks(of: batch, from: first),
      ablated: writes(intervention.ablation), cache: cache, length: length
    ).logits()
  }

  private func run(_ intervention: Intervention, _ start: Start) -> MaskedRun {
    MaskedRun(
      runs.circuitModel, batch: batch.clean,
      masks: intervention.masks(of: batch, from: first), ablated: start.ablated, cache: cache)
  }

  /// What edges carry that are ablated in one way, made at its first use.
  private mutating func writes(_ ablation: Ablation) -> CompactWrites {
    if let writes = ablatedWrites[ablation] { return writes }
    let writes = runs.values(ablation).writes(for: batch, cache: cache)
    ablatedWrites[ablation] = writes
    return writes
  }

  /// The clean run as a state, made at its first use.
  private mutating func intactState(
    _ intervention: Intervention, _ clean: PlainRun.TapedResult, _ start: Start
  ) -> MaskedState {
    if let state = intactStates[intervention.ablation] { return state }
    let state = MaskedState(
      intact: clean, ablated: start.ablated, graph: intervention.graph, model: model)
    intactStates[intervention.ablation] = state
    return state
  }

  /// The start for an intervention's ablation, made at its first use.
  private mutating func start(_ intervention: Intervention) -> Start {
    let (ablation, graph) = (intervention.ablation, intervention.graph)
    if let start = ablatedStarts[ablation] { return start }
    let made: Start
    if ablation == .resample, runs.hasAllWeights {
      let corrupted = PlainRun(model, batch: batch.corrupted, cache: cache).taped()
      made = Start(
        ablated: AblatedStream(corrupted.writes, model: model),
        state: MaskedState(resampling: corrupted.tape, graph: graph, model: model))
    } else {
      let ablated = AblatedStream(writes(ablation), model: runs.circuitModel)
      let run = MaskedRun(
        runs.circuitModel, batch: batch.clean, mask: EdgeMask(0, graph: graph), ablated: ablated,
        cache: cache)
      made = Start(ablated: ablated, state: run.forward(extent: .everyNode).state)
    }
    ablatedStarts[ablation] = made
    return made
  }
}
