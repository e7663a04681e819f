import Engine
import Evaluation
import Foundation
import Graphs
import Methods
import Reports
import Tasks
import Tensors

extension PreparedDiscovery {
  /// The state that an interrupted run left, or a new one.
  ///
  /// - Parameters:
  ///   - place: Where it is.
  ///   - listener: Is told when there is none to go on from.
  /// - Returns: What ``run(telling:state:standing:)`` goes on from, and keeps.
  /// - Throws: ``ExperimentError`` when a state is there that was not asked for, or one of another run.
  public func state(
    at place: ResumePlace, telling listener: ExperimentListener = ExperimentListener()
  ) throws -> ResumeState {
    try ResumeState(place, run: identity, note: listener.note)
  }

  /// Finds the circuit.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - state: Where a long run keeps how far it has come; nil for nowhere.
  ///   - standing: What ``standing()`` returned, to spare its pass.
  /// - Returns: Scores, the circuit and what it does.
  /// - Throws: ``ExperimentError`` and the library's errors, each a sentence for the user.
  public func run(
    telling listener: ExperimentListener = ExperimentListener(), state: ResumeState? = nil,
    standing: Standing? = nil
  ) throws -> Discovery {
    defer { state?.finish() }
    return try loaded.model.device.checked {
      try found(telling: listener, state: state, standing: try standing ?? self.standing())
    }
  }

  private func found(
    telling listener: ExperimentListener, state: ResumeState?, standing: Standing
  ) throws -> Discovery {
    standing.notes.forEach(listener.note)
    let scored = try scored(
      telling: listener, states: state.map { $0.states(of: loaded.model.device) })
    return try discovery(scored, standing, telling: listener)
  }

  /// What a method made of the prompts.
  struct Scored {
    /// A score for every edge.
    var scores: EdgeScores
    /// How long it took; 0 when it was not done anew.
    var seconds = 0.0
    /// What the method made beside scores: files of the run's directory by their names.
    var attachments: [String: Data] = [:]
    /// The scores of each prompt, if they are known, and the gate that gives them, if one does.
    var prompts: (parts: [EdgeScores], gate: PromptGate?)?
    /// The scores at each span of the prompts, if they are known.
    var spans: SpanScores?
  }

  /// Scores the edges.
  ///
  /// - Parameters:
  ///   - listener: Is told how it goes on.
  ///   - states: Where the method keeps how far it has come; nil for nowhere.
  /// - Returns: What the method made.
  /// - Throws: `MethodError`, or ``ExperimentError`` when the model's numbers overflow.
  func scored(
    telling listener: ExperimentListener, states: MethodRun.ResumeStates?
  ) throws -> Scored {
    let start = clock.seconds
    var attachments: [String: Data] = [:]
    let run = MethodRun(
      progress: listener.progress, states: states, attachments: { attachments[$0] = $1 })
    let prompts =
      try plan.perPrompt ? explained { () throws(MethodError) in try promptScores(run) } : nil
    let spans = try spanScores(run)
    let scores =
      try prompts.map { EdgeScores(meanOf: $0.parts) } ?? spans?.total
      ?? explained { () throws(MethodError) in try method.scores(for: problem, run: run) }
    return Scored(
      scores: scores, seconds: clock.seconds - start, attachments: attachments, prompts: prompts,
      spans: spans)
  }

  /// The circuit that the plan's selection makes of scores, and what it does.
  ///
  /// - Parameters:
  ///   - scored: A score for every edge, and what the method made beside it.
  ///   - standing: How the full model does.
  ///   - listener: Is told how it goes on.
  ///   - coupling: What kept the scores near those of other tasks; nil for nothing.
  /// - Returns: The discovery.
  /// - Throws: ``ExperimentError`` when a run's metric is NaN or infinite.
  func discovery(
    _ scored: Scored, _ standing: Standing, telling listener: ExperimentListener,
    coupling: RunRecord.Coupling? = nil
  ) throws -> Discovery {
    var notes = standing.notes
    let listener = listener.keeping { notes.append($0) }
    let (scores, prompts) = (scored.scores, scored.prompts)
    if scored.attachments[LearnedConstants.fileName] != nil {
      listener.note(
        """
        note: the mask was trained with learned constants on absent edges, and circuits are measured with \
        \(plan.ablation) ablation; "evaluate RUN --ablation optimal:RUN" measures them with the constants.
        """)
    }
    let chosen = try CircuitChoice(
      scores, self, WeightMask(in: scored.attachments, of: loaded.model), listener)
    let measured = chosen.measured
    // Scores that others have moved sum up to nothing that is known.
    let isIntegral =
      plan.method.method.integratesInputs && plan.ablation == .resample
      && coupling?.multiplier ?? 0 == 0
    let integral =
      isIntegral
      ? IntegralGap(of: scores, measured.inSample ?? measured.faithfulness) : nil
    if let integral, integral.isWide { listener.note(plan.method.warning(of: integral)) }
    var heading = heading
    if let coupling { heading.method += ", \(coupling.text)" }
    let report = DiscoveryReport(
      heading: heading, scores: scores, circuit: chosen.circuit, ranking: chosen.ranking,
      measured: measured, accuracy: standing.accuracy, integral: integral,
      prompts: try prompts.map { try promptReport($0.parts, $0.gate, chosen, listener) },
      spans: try scored.spans.flatMap { try spanReport($0, chosen, listener) })
    return Discovery(
      plan: plan, loaded: loaded, task: made.task,
      heldOut: made.filePairs?.heldOut.map(\.pair) ?? [], report: report,
      record: RunRecord(
        plan: plan, files: files, attachments: scored.attachments,
        leftOut: made.filePairs?.leftOutCount, report: report,
        notes: notes, coupling: coupling,
        seconds: RunRecord.Seconds(
          load: loadSeconds, discover: scored.seconds, total: clock.seconds),
        cardPeakMemory: loaded.model.device.cardPeakMemory),
      promptScores: prompts?.parts ?? [], attachments: scored.attachments)
  }

  /// Has a method do something; what overflows is said of the model's weights.
  func explained<Result>(_ work: () throws(MethodError) -> Result) throws -> Result {
    do throws(MethodError) {
      return try work()
    } catch {
      throw error == .notFinite
        ? loaded.model.overflow("The model's numbers overflow on these prompts", on: made.task)
        : error
    }
  }
}
