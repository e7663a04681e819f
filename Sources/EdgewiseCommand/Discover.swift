import ArgumentParser
import Edgewise
import Foundation

struct Discover: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find the circuit of a task in a model.",
    discussion: """
      Scores every edge and looks for the smallest circuit that does the task on prompts it was not found on, or \
      keeps as many edges as you say. Prints the circuit, and with \
      --output also writes run.json, scores, circuit, prompts, figures and report.html.

      With --couple, finds the circuits of several tasks at once, whose scores are kept near each other: what they \
      have in common is found on the prompts of all. --output then holds a run's directory for each task, the edges \
      that all their circuits have (core.json) and coupling.json.
      """)

  @OptionGroup var model: ModelArgument

  @Option(
    help: """
      A built-in task, or a file of prompts: JSON, JSON lines or a table; with --couple two or more with commas between \
      them. (default: ioi; induction without a tokenizer)
      """)
  var task: String?

  @Option(
    parsing: .unconditional,
    help: """
      How far the scores of each of several tasks may be from their centre: a number of 0 (all have the same) or more, or \
      inf (each has its own). Scores are divided by what full model and empty circuit differ by, and 1 is their length; \
      of trained masks it is the root mean square of how far their numbers are apart. Several with commas between them \
      are a sweep.
      """)
  var couple: CommaList<CouplingRadius>?

  @OptionGroup(title: "Prompts") var prompts: PromptOptions

  @Option(
    help: """
      One of \(DiscoveryMethods.all.map(\.name).joined(separator: ", ")), with options as in \
      acdc:tau=0.001/0.01:absolute; "edgewise methods NAME" tells them. (default: eap)
      """,
    transform: MethodChoice.init(_:))
  var method: MethodChoice?

  @OptionGroup(title: "Edges") var edges: EdgeChoice
  @OptionGroup(title: "Circuit") var selection: SelectionOptions
  @Flag(
    help: """
      Score every prompt by itself, find clusters of prompts that use the same edges, and a circuit for each.
      """)
  var perPrompt = false

  @Option(
    help: """
      Score edges at each span of the prompts, too: by the names that the task gives to parts of its prompts (labels), by \
      positions, or by a list such as "names=1-2;verb=4;end=last". (default: labels for peap, else none)
      """)
  var spans: SpanChoice?

  @Flag(
    help:
      "Say how many passes, how much time and memory scoring the edges will take, and stop there.")
  var dryRun = false

  @OptionGroup(title: "Hardware") var hardware: HardwareOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Long runs") var resuming: ResumeOptions

  func validate() throws {
    guard couple == nil || !perPrompt && spans == nil else {
      throw ValidationError("--per-prompt and --spans go with one task: leave out --couple.")
    }
    if let couple { try validated(couplingPlan(couple.elements).check) }
    try resuming.check(output)
    guard !dryRun || !output.shown.json else {
      throw ValidationError("--dry-run prints no JSON: leave --json out.")
    }
  }

  var chosenMethod: MethodChoice {
    get throws { try method ?? MethodChoice(DiscoveryMethods.all[0]) }
  }

  private func plan() throws -> DiscoveryPlan {
    DiscoveryPlan(
      model: ModelReference(model.model), task: prompts.plan(task),
      method: try chosenMethod, ablation: edges.ablation,
      groupsKeysAndValues: edges.groupKeyValues, selection: selection.plan,
      perPrompt: perPrompt, spans: spans, hardware: try hardware.plan())
  }

  func run() throws {
    if let couple { return try self.couple(couple.elements) }
    let (target, bar) = try output.begin()
    let prepared = try PreparedDiscovery(plan(), verifying: model.files.verify)
    if let task, prompts.count != nil, TaskPlan.file(task) != nil {
      note("note: --count goes with built-in tasks; the file is taken as it is.")
    }
    let place = resuming.place(beside: target)
    let state = try place.map { try prepared.state(at: $0, telling: bar.listener) }
    if let sizeNote = prepared.sizeNote { note(sizeNote) }
    let standing = try prepared.standing()
    let estimate = prepared.estimate(pass: standing.seconds)
    if !output.shown.json { print(prepared.introduction(standing, estimate)) }
    fflush(nil)
    guard !dryRun else { return }
    if let warning = estimate.warning { note(warning) }
    let found = try prepared.run(telling: bar.listener, state: state, standing: standing)
    try output.finish(target, found)
    place?.forget()
  }
}
