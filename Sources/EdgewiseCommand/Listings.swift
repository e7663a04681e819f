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
    var models = TextTable(["task": .left, "metric": .left, "models that do it": .left])
    for task in BuiltInTasks.all {
      tasks.add(task.name, task.summary)
      models.add(task.name, task.metricName, task.doneBy)
    }
    var metrics = TextTable(["metric": .left, "measures": .left])
    for metric in Metrics.all { metrics.add(metric.name, metric.summary) }
    print([tasks, models, metrics].map(\.text).joined(separator: "\n\n"))
  }
}

struct MethodList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods", abstract: "List the methods, with their papers and what they cost.",
    discussion: """
      A pass is one run of all prompts; one that starts above the input counts as a whole one. Papers are \
      arXiv ids.
      """)

  @Argument(help: "A method, to be told its options.")
  var name: String?

  func run() throws {
    if let name {
      print(try description(of: DiscoveryMethods.named(name)))
      return
    }
    var summaries = TextTable(["method": .left, "what it is": .left])
    var costs = TextTable(["method": .left, "paper": .left, "passes": .left])
    for method in DiscoveryMethods.all {
      summaries.add(method.name, method.summary)
      costs.add(method.name, method.paper, method.cost)
    }
    print(summaries.text + "\n\n" + costs.text)
  }

  private func description(of method: MethodEntry) -> String {
    let paper = method.paper.isEmpty ? "" : ", arXiv \(method.paper)"
    let head = "\(method.name): \(method.summary)\(paper)\npasses: \(method.cost)"
    guard !method.options.isEmpty else { return head + "\nno options" }
    var table = TextTable([
      "option": .left, "default": .left, "takes": .left, "what it means": .left,
    ])
    for option in method.options {
      table.add(option.name, option.standardText, option.expected, option.summary)
    }
    let example = method.options.map { option in
      option.isSwitch ? option.name : "\(option.name)=…"
    }.joined(separator: ":")
    return head + "\nwritten as \(method.name):\(example)\n\n" + table.text
  }
}

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models that have a name.",
    discussion: """
      Any Hugging Face directory of GPT-2, GPT-NeoX (Pythia), Llama or Qwen2, any directory under \
      TransformerLens' names, and any GGUF file of the llama architecture can be used by its path.
      """)

  func run() {
    var table = TextTable(["model": .left, "what it is": .left, "where": .left])
    table.add(
      Transformer.bundledName, "two layers with an induction circuit written by hand",
      "part of the package")
    for (name, summary) in zip(PlantedCircuits.names, PlantedCircuits.summaries) {
      table.add(name, summary, "part of the package")
    }
    for model in KnownModel.all {
      let isThere = FileManager.default.fileExists(atPath: model.file.path)
      table.add(
        model.name, model.summary, isThere ? model.file.path : "edgewise fetch \(model.name)")
    }
    print(table.text)
  }
}
