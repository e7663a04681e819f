import ArgumentParser
import Edgewise

struct Prompts: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the prompt pairs of a task, with their tokens and answers.")

  @Argument(help: "A built-in task or a file. (default: the model's own)")
  var task: String?

  @Option(help: "The model whose tokens are used: a directory, a .gguf file or a name.")
  var model: String = Transformer.bundledName

  @Option(parsing: .unconditional, help: "How many pairs are shown.")
  var count: Int = 5

  @Option(parsing: .unconditional, help: "Where a built-in task's random choices start.")
  var seed: UInt64 = 0

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Print JSON, with every token.")
  var json = false

  func validate() throws { try validated(TaskPlan(count: count).check) }

  func run() throws {
    let plan = TaskPlan(name: task, count: count, seed: seed, reading: reading.plan)
    let (heading, pairs) = try plan.prompts(
      for: ModelReference(model), telling: ExperimentListener(note: note))
    let some = Array(pairs.prefix(count))
    print(json ? try sortedJSON(some) : ([heading] + some.map(\.text)).joined(separator: "\n\n"))
  }
}
