import ArgumentParser
import Edgewise
import Foundation

/// Which prompts are run and how they are measured.
struct TaskOptions: ParsableArguments {
  @Option(
    help:
      "A built-in task, or a .jsonl, .csv or .json file. (default: ioi; induction without a tokenizer)"
  )
  var task: String?

  @Option(parsing: .unconditional, help: "How many prompt pairs a built-in task makes.")
  var count: Int = 100

  @Option(parsing: .unconditional, help: "Where a built-in task's random choices start, 0 or more.")
  var seed: UInt64 = 0

  @Option(
    help: """
      One of \(Metrics.all.map(\.name).joined(separator: ", ")). (default: the task's own, kl for acdc)
      """)
  var metric: String?

  @Flag(help: "Leave out a file's pairs whose prompts differ in tokens instead of refusing them.")
  var skipUnequal = false

  func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--count should be from 1 to 1000000, found \(count).")
    }
  }

  /// A file's path when the task is one.
  static func file(_ name: String) -> URL? {
    name.contains("/") || name.contains(".") ? URL(filePath: name) : nil
  }

  /// These options with a task's file named by its whole path.
  ///
  /// - Parameter directory: What a relative path is relative to; nil for the working directory.
  /// - Returns: The options.
  func absolute(in directory: URL?) -> TaskOptions {
    guard let task, Self.file(task) != nil else { return self }
    var options = self
    options.task = URL(filePath: task, relativeTo: directory).standardizedFileURL.path
    return options
  }

  /// A task and what is to be said of where its prompts come from.
  struct Made {
    let task: CircuitTask
    let description: String
    let file: URL?
    /// The name of the metric that belongs to the prompts.
    fileprivate let ownMetric: String
  }

  /// The task's name or file: that which a model of a known circuit brings, if none is given.
  func name(for loaded: LoadedModel) -> String {
    task ?? loaded.known?.prompts.name ?? (loaded.model.tokenizer == nil ? "induction" : "ioi")
  }

  /// Makes the task.
  ///
  /// - Parameters:
  ///   - loaded: The model whose tokens are used.
  ///   - method: The method that is run on it, whose published metric is used unless one is given.
  ///   - seen: Pairs whose clean prompts a built-in task is not to make.
  /// - Returns: The task and what is said of it.
  /// - Throws: ``Failure`` or the library's errors, each a sentence for the user.
  func make(
    for loaded: LoadedModel, method: MethodEntry? = nil, without seen: [PromptPair] = []
  ) throws -> Made {
    let (name, model) = (name(for: loaded), loaded.model)
    if let file = Self.file(name) {
      return try make(from: file, method, model)
    }
    let own = loaded.known?.prompts
    let builtIn = try own.flatMap { $0.name == name ? $0 : nil } ?? BuiltInTasks.named(name)
    let metric = try metric(own: builtIn.metricName, method)
    // A longer list starts with the shorter one, so there are enough left in most tasks.
    let known = builtIn.isFixed ? [] : Set(seen.map(\.clean))
    let made = try builtIn.pairs(
      count: known.isEmpty ? count : 2 * count, seed: seed, model: model)
    let pairs = Array(made.filter { !known.contains($0.clean) }.prefix(count))
    let task = try CircuitTask(name: name, pairs: pairs, metric: metric, model: model)
    let origin = builtIn.isFixed ? "of the program" : "seed \(seed)"
    return Made(
      task: task, description: "\(name), \(Numbers.count(pairs.count, "pair")), \(origin)",
      file: nil, ownMetric: builtIn.metricName)
  }

  /// The same prompts measured as a method is: by what was asked for, its published metric or the task's own.
  func task(of made: Made, for loaded: LoadedModel, method: MethodEntry) throws -> CircuitTask {
    let metric = try metric(own: made.ownMetric, method)
    guard metric.name != made.task.metric.name else { return made.task }
    return try CircuitTask(
      name: made.task.name, pairs: made.task.pairs, metric: metric, model: loaded.model)
  }

  /// The metric that is asked for, that of the method, or the task's own.
  ///
  /// A task that compares with the full model itself is not measured in another way by a method.
  private func metric(own: String, _ method: MethodEntry?) throws -> any Metric {
    if let metric { return try Metrics.named(metric) }
    let own = try Metrics.named(own)
    guard let published = method?.metric, !own.needsReference else { return own }
    return try Metrics.named(published)
  }

  /// A task of a file's pairs; what is wrong with a pair is said of the file.
  private func make(
    from file: URL, _ method: MethodEntry?, _ model: Transformer
  ) throws -> Made {
    let own = Metrics.all[0].name
    let metric = try metric(own: own, method)
    do throws(TaskError) {
      let contents = try TaskFile.read(file, model: model, skipsUnequal: skipUnequal)
      let task = try CircuitTask(
        name: file.lastPathComponent, pairs: contents.pairs, metric: metric, model: model,
        numbers: contents.numbers)
      let skipped = contents.skippedCount > 0 ? ", \(contents.skippedCount) left out" : ""
      return Made(
        task: task,
        description: "\(task.name), \(Numbers.count(task.pairs.count, "pair"))\(skipped)",
        file: file, ownMetric: own)
    } catch {
      let sentence = error.description
      throw Failure(sentence.hasPrefix(file.path) ? sentence : "\(file.path): \(sentence)")
    }
  }
}
