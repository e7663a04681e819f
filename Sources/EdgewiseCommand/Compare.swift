import ArgumentParser
import Edgewise
import Foundation

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hold methods against each other on several tasks.",
    discussion: """
      Models whose circuits are known bring their own task, and methods are held to the true circuit: \
      planted-copy and the like (see "edgewise models"), and directories of compiled programs with truth.json. \
      On other models and tasks, circuits of ten sizes are run on prompts they were not found on, for MIB's CPR \
      and CMD. Without arguments, all planted circuits. With --output also writes comparison.json and a plot \
      for each task; what is done, when it is interrupted.
      """)

  @Argument(help: "Models: directories, .gguf files or names.")
  var models: [String] = PlantedCircuits.names

  @Option(
    help: """
      Tasks, with commas between them: names or files. (default: a known circuit's own; else ioi, or induction \
      without a tokenizer)
      """)
  var task: CommaList<String>?

  @Option(
    help: """
      Methods, with commas between them; options follow as in acdc:tau=0.01, see "edgewise methods NAME". \
      (default: \(ComparisonPlan.usualMethodNames))
      """,
    transform: MethodChoice.list)
  var method: [MethodChoice] = []

  @Option(
    help: """
      A task or file to measure circuits on. (default: other prompts of the same task; of a file, the pairs \
      that were held out)
      """)
  var evalTask: String?

  @OptionGroup(title: "Prompts") var prompts: PromptOptions
  @OptionGroup var files: FileOptions
  @OptionGroup(title: "Edges") var edges: EdgeChoice
  @OptionGroup(title: "Hardware") var hardware: HardwareOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Long runs") var resuming: ResumeOptions

  private func plan() throws -> ComparisonPlan {
    ComparisonPlan(
      models: models.map { ModelReference($0) }, tasks: task?.elements,
      methods: try method.isEmpty ? ComparisonPlan.usualMethods() : method,
      prompts: prompts.plan(nil),
      evaluationTask: evalTask, ablation: edges.ablation,
      groupsKeysAndValues: edges.groupKeyValues, hardware: try hardware.plan())
  }

  func run() throws {
    let (target, bar) = try output.begin(resumes: resuming.resume)
    let place = resuming.place(beside: target)
    let plan = try plan()
    let comparison = try plan.run(
      verifying: files.verify, telling: bar.listener, states: place
    ) { task in
      if !output.shown.json { print(task.text(on: output.shown.page) + "\n") }
      fflush(nil)
    }
    try output.finish(
      target, files: { try comparison.files(of: plan) },
      json: comparison.json(of: plan), text: comparison.summary(on: output.shown.page))
    place?.forget()
  }

  func validate() throws {
    guard !models.isEmpty else { throw ValidationError("Name at least one model.") }
    try resuming.check(output)
  }
}
