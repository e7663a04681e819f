import ArgumentParser
import Edgewise
import Foundation

/// Which prompts are run and how they are measured.
struct TaskOptions: ParsableArguments {
  @Option(
    help:
      "A built-in task, or a .jsonl, .csv or .json file. (default: ioi, or induction for a model without a tokenizer)"
  )
  var task: String?

  @Option(parsing: .unconditional, help: "How many prompt pairs a built-in task makes.")
  var count: Int = 100

  @Option(parsing: .unconditional, help: "Where a built-in task's random choices start, 0 or more.")
  var seed: UInt64 = 0

  @Option(help: "One of \(Metrics.all.map(\.name).joined(separator: ", ")).")
  var metric: String = Metrics.all[0].name

  @Flag(help: "Leave out a file's pairs whose prompts differ in tokens instead of refusing them.")
  var skipUnequal = false

  func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--count should be from 1 to 1000000, found \(count).")
    }
  }

  /// A file's path when the task is one.
  func file(_ name: String) -> URL? {
    name.contains("/") || name.contains(".") ? URL(filePath: name) : nil
  }

  /// These options with a task's file named by its whole path.
  ///
  /// - Parameter directory: What a relative path is relative to; nil for the working directory.
  /// - Returns: The options.
  func absolute(in directory: URL?) -> TaskOptions {
    guard let task, file(task) != nil else { return self }
    var options = self
    options.task = URL(filePath: task, relativeTo: directory).standardizedFileURL.path
    return options
  }

  /// A task and what is to be said of where its prompts come from.
  struct Made {
    let task: CircuitTask
    let description: String
    let file: URL?
  }

  /// The task's name or file.
  func name(for model: Transformer) -> String {
    task ?? (model.tokenizer == nil ? "induction" : "ioi")
  }

  /// Makes the task.
  ///
  /// - Parameters:
  ///   - model: The model whose tokens are used.
  ///   - seen: Pairs whose clean prompts a built-in task is not to make.
  /// - Returns: The task and what is said of it.
  /// - Throws: ``Failure`` or the library's errors, each a sentence for the user.
  func make(for model: Transformer, without seen: [PromptPair] = []) throws -> Made {
    let name = name(for: model)
    let metric = try Metrics.named(metric)
    if let file = file(name) {
      return try make(from: file, metric, model)
    }
    let builtIn = try BuiltInTasks.named(name)
    // A longer list starts with the shorter one, so there are enough left in most tasks.
    let known = Set(seen.map(\.clean))
    let made = try builtIn.pairs(
      count: seen.isEmpty ? count : 2 * count, seed: seed, model: model)
    let pairs = Array(made.filter { !known.contains($0.clean) }.prefix(count))
    let task = try CircuitTask(name: name, pairs: pairs, metric: metric, model: model)
    return Made(
      task: task, description: "\(name), \(Numbers.count(pairs.count, "pair")), seed \(seed)",
      file: nil)
  }

  /// A task of a file's pairs; what is wrong with a pair is said of the file.
  private func make(
    from file: URL, _ metric: any Metric, _ model: Transformer
  ) throws -> Made {
    do throws(TaskError) {
      let contents = try TaskFile.read(file, model: model, skipsUnequal: skipUnequal)
      let task = try CircuitTask(
        name: file.lastPathComponent, pairs: contents.pairs, metric: metric, model: model,
        numbers: contents.numbers)
      let skipped = contents.skippedCount > 0 ? ", \(contents.skippedCount) left out" : ""
      return Made(
        task: task,
        description: "\(task.name), \(Numbers.count(task.pairs.count, "pair"))\(skipped)",
        file: file)
    } catch {
      let sentence = error.description
      throw Failure(sentence.hasPrefix(file.path) ? sentence : "\(file.path): \(sentence)")
    }
  }
}
