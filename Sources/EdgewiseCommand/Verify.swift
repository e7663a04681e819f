import ArgumentParser
import Edgewise
import Foundation

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Spend exact patches on the edges of a run where they tell most.",
    discussion: """
      Patches the edges of the largest scores, fits what exact effects have to do with cheap features of an edge, chooses \
      the next ones by a strategy, and so on until the budget is spent. Prints the best edges by what is known then. With \
      --output also writes the verified scores, which evaluate takes, and what was patched.
      """)

  @Argument(help: "A run's directory.")
  var source: String

  @Option(parsing: .unconditional, help: "How many edges are patched.")
  var budget: Int

  @Option(
    help: """
      How they are chosen: \(PatchStrategy.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")).
      """)
  var strategy: PatchStrategy = .refit

  @Option(parsing: .unconditional, help: "After how many rounds, each with a new fit.")
  var rounds: Int = 8

  @Option(
    parsing: .unconditional,
    help: "How many of the best edges are to be found. (default: as many as the run's circuit has)")
  var best: Int?

  @Option(
    help: """
      Adds which share of the best edges every strategy finds: exhaustive, which patches all other edges, too, or a run or \
      file of exact scores.
      """)
  var truth: VerificationPlan.Truth?

  @Option(
    help: "Where the run's model is: a directory, a .gguf file or a name. (default: where it was)")
  var model: String?

  @Option(
    help: "A built-in task or a file on whose prompts edges are patched. (default: the run's)")
  var task: String?

  @Option(
    parsing: .unconditional,
    help: "How many prompt pairs a built-in task makes. (default: as many as the run's)")
  var count: Int?

  @Option(
    parsing: .unconditional,
    help: "Where a built-in task's random choices start. (default: where the run's did)")
  var seed: UInt64?

  @OptionGroup(title: "Hardware") var hardware: HardwareOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Long runs") var resuming: ResumeOptions

  func validate() throws {
    try resuming.check(output)
    guard budget >= 0 else {
      throw ValidationError("--budget should be 0 or more, found \(budget).")
    }
    guard (1...1000).contains(rounds) else {
      throw ValidationError("--rounds should be from 1 to 1000, found \(rounds).")
    }
    guard best ?? 1 > 0 else {
      throw ValidationError("--best should be 1 or more, found \(best ?? 1).")
    }
    try validated(TaskPlan(count: count ?? 1).check)
  }

  func run() throws {
    let (target, bar) = try output.begin()
    let place = resuming.place(beside: target)
    let plan = VerificationPlan(
      run: source, model: model.map { ModelReference($0) }, task: task, count: count, seed: seed,
      budget: VerificationBudget(patches: budget, rounds: rounds), strategy: strategy,
      bestCount: best, truth: truth, hardware: try hardware.plan())
    let found = try plan.run(telling: bar.listener, states: place)
    try output.finish(
      target, files: found.files, json: found.json(), text: found.text(on: output.shown.page))
    place?.forget()
  }
}
