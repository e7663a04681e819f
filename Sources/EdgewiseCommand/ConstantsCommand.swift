import ArgumentParser
import Edgewise
import Foundation

struct ConstantsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "constants",
    abstract: "Learn what absent edges carry: optimal ablation.",
    discussion: """
      One constant for each writer, the same at every token, which make a circuit most like the full model \
      (arXiv 2409.09951); without a source, random circuits of all sizes. Every --ablation takes them as \
      optimal:DIRECTORY, where the directory is this --output. Says the loss with means, where constants start, and \
      with what was learned, also on prompts that were held out.
      """)

  @Argument(
    help: """
      A run's directory or a file with a circuit, as evaluate takes them. (default: random circuits of --model)
      """)
  var source: String?

  @OptionGroup(title: "Prompts") var prompts: SourcePromptOptions
  @OptionGroup(title: "Circuit") var selection: SelectionOptions

  @Option(parsing: .unconditional, help: "How many batches of prompts are run.")
  var steps: Int = 500

  @Option(parsing: .unconditional, help: "How far each step moves.")
  var rate: Double = 0.01

  @Option(
    parsing: .unconditional,
    help: "The most prompts of a batch. (default: as many as memory allows)")
  var batch: Int?

  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Long runs") var resuming: ResumeOptions

  private var metric: TrainedMetric? {
    prompts.metric.map(TrainedMetric.init(rawValue:)) ?? .kl
  }

  private func plan() throws -> ConstantsPlan {
    let intact: ConstantsPlan.Intact =
      if let source {
        .circuit(try prompts.plan(source, selection))
      } else {
        .random(of: ModelReference(prompts.model ?? ""), on: prompts.taskPlan)
      }
    return ConstantsPlan(
      intact, metric: metric ?? .kl, steps: steps, learningRate: rate, promptCount: batch,
      hardware: try prompts.hardware.plan())
  }

  func validate() throws {
    try resuming.check(output)
    guard source != nil || prompts.model != nil else {
      throw ValidationError(
        "Name a run or a file with a circuit, or a --model for random circuits.")
    }
    guard source != nil || !selection.plan.isGiven else {
      throw ValidationError("A circuit is chosen from a source; random ones have all sizes.")
    }
    guard metric != nil else {
      let known = TrainedMetric.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError(
        "--metric should be one that has a gradient (\(known)), found \"\(prompts.metric ?? "")\".")
    }
    try validated { try plan().check() }
  }

  func run() throws {
    let (target, bar) = try output.begin()
    let place = resuming.place(beside: target)
    let found = try plan().run(telling: bar.listener, states: place)
    try output.finish(
      target, files: found.files, json: found.json(), text: found.text(on: output.shown.page))
    place?.forget()
  }
}
