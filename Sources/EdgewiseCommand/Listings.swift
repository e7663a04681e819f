import ArgumentParser
import Edgewise
import Foundation

struct Tasks: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the built-in tasks and the metrics.",
    discussion: """
      A task may also be a file: JSONL or CSV with the fields clean, corrupted, answers and \
      wrong_answers, or auto-circuit's prompt JSON. Prompts are text or lists of token ids.
      """)

  func run() {
    var tasks = TextTable(["task": .left, "the model has to": .left])
    for task in BuiltInTasks.all { tasks.add(task.name, task.summary) }
    var metrics = TextTable(["metric": .left, "measures": .left])
    for metric in Metrics.all { metrics.add(metric.name, metric.summary) }
    print(tasks.text + "\n\n" + metrics.text)
  }
}

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models that have a name.",
    discussion: """
      Any Hugging Face directory of GPT-2, GPT-NeoX (Pythia), Llama or Qwen2, and any GGUF file of \
      the llama architecture can be used by its path.
      """)

  func run() {
    var table = TextTable(["model": .left, "what it is": .left, "where": .left])
    table.add(
      Transformer.bundledName, "two layers with an induction circuit written by hand",
      "part of the package")
    for model in KnownModel.all {
      let isThere = FileManager.default.fileExists(atPath: model.file.path)
      table.add(
        model.name, model.summary, isThere ? model.file.path : "edgewise fetch \(model.name)")
    }
    print(table.text)
  }
}
