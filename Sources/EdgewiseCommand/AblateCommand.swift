import ArgumentParser
import Edgewise

struct AblateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ablate", abstract: "Show what a model does without some heads and MLPs.",
    discussion: """
      Each node alone, and all of them together: every metric of the full model, without the node, and the \
      difference with its standard error over prompts.
      """)

  @Argument(help: "A directory, a .gguf file, or the name of a bundled or fetched model.")
  var model: String

  @Argument(help: "Nodes with commas between them: a23.h3,m0.")
  var nodes: CommaList<String>

  @Option(help: "A built-in task or a file. (default: ioi; induction without a tokenizer)")
  var task: String?

  @OptionGroup(title: "Prompts") var prompts: PromptOptions

  @Option(help: "What an ablated node writes.")
  var ablation: Ablation = .resample

  @OptionGroup(title: "Hardware") var hardware: HardwareOptions

  @Flag(help: "Show no progress.")
  var quiet = false

  func run() throws {
    let plan = NodeAblation(
      model: ModelReference(model), nodes: nodes.elements, task: prompts.plan(task),
      ablation: ablation, hardware: try hardware.plan())
    let result = try plan.run(telling: ProgressBar(isQuiet: quiet).listener)
    print(result.text(on: .terminal()))
  }
}
