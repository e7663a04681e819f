import Engine
import Files
public import Foundation
import Methods
import Reports
public import Tasks
import Tensors

/// Which prompts are run and how they are measured.
public struct TaskPlan: Sendable, Hashable, Codable {
  /// A built-in task, or a file's path; nil for that of a known circuit, `ioi`, or `induction` without a tokenizer.
  public var name: String?
  /// How many prompt pairs a built-in task makes.
  public var count: Int
  /// Where random choices start: those of a built-in task, and which pairs of a file are held out.
  public var seed: UInt64
  /// The metric; nil for the task's own, or that which the method was published with.
  public var metric: String?
  /// How a file's records become pairs.
  public var reading: TaskFile.Reading
  /// The share of a file's pairs that circuits are not found on but measured on.
  public var holdout: Double

  /// Describes prompts; see the properties.
  public init(
    name: String? = nil, count: Int = 100, seed: UInt64 = 0, metric: String? = nil,
    reading: TaskFile.Reading = TaskFile.Reading(), holdout: Double = 0.3
  ) {
    self.name = name
    self.count = count
    self.seed = seed
    self.metric = metric
    self.reading = reading
    self.holdout = holdout
  }

  /// How many prompt pairs a built-in task can be asked for.
  static let counts = 1...1_000_000

  /// Finds out whether there can be so many prompts, and such a share of them that is held out.
  ///
  /// - Throws: ``ExperimentError`` that says what is expected and what was found.
  public func check() throws {
    guard Self.counts.contains(count) else {
      throw ExperimentError(
        """
        The count of prompt pairs should be from \(Self.counts.lowerBound) to \(Self.counts.upperBound), found \
        \(count).
        """)
    }
    guard (0..<1).contains(holdout) else {
      throw ExperimentError(
        "The share that is held out should be from 0 to less than 1, found \(holdout).")
    }
  }

  /// A file's path when the task is one.
  public static func file(_ name: String) -> URL? {
    name.contains("/") || name.contains(".") ? URL(path: name) : nil
  }

  /// The same plan, a file named by its whole path.
  public var absolute: TaskPlan {
    var plan = self
    if let name, let file = Self.file(name) { plan.name = file.standardizedFileURL.path }
    return plan
  }

  /// Which of a file's pairs are meant.
  enum Part: Sendable {
    /// Those that circuits are found on.
    case found
    /// Those that are held out.
    case heldOut
    /// All.
    case whole
  }

  /// A task and what is to be said of where its prompts come from.
  struct Made {
    let task: CircuitTask
    let description: String
    let file: URL?
    /// All pairs of the file; nil for a built-in task.
    let filePairs: FilePairs?
    /// The name of the metric that belongs to the prompts.
    fileprivate let ownMetric: String
  }

  /// The task's name or file: that which a model of a known circuit brings, if none is given.
  func name(for loaded: LoadedModel) -> String {
    name ?? loaded.known?.prompts.name ?? (loaded.model.tokenizer == nil ? "induction" : "ioi")
  }

  /// Makes the task.
  ///
  /// - Parameters:
  ///   - loaded: The model whose tokens are used.
  ///   - method: The method that is run on it, whose published metric is used unless one is given.
  ///   - part: Which of a file's pairs are meant.
  ///   - seen: Pairs whose clean prompts a built-in task is not to make.
  ///   - kept: The file's pairs, where a run kept them; nil to read the file.
  /// - Returns: The task and what is said of it.
  /// - Throws: ``ExperimentError`` or the library's errors, each a sentence for the user.
  func make(
    for loaded: LoadedModel, method: MethodEntry? = nil, part: Part = .found,
    without seen: [PromptPair] = [], kept: FilePairs? = nil
  ) throws -> Made {
    let (name, model) = (name(for: loaded), loaded.model)
    if let file = Self.file(name) {
      return try make(from: file, kept, method, model, part)
    }
    let own = loaded.known?.prompts
    let builtIn = try own.flatMap { $0.name == name ? $0 : nil } ?? BuiltInTasks.named(name)
    let metric = try metric(own: builtIn.metricName, method)
    // A longer list starts with the shorter one, so there are enough left in most tasks.
    let known = builtIn.isFixed ? [] : Set(seen.map(\.clean))
    let made = try builtIn.pairs(
      count: known.isEmpty ? count : count + seen.count, seed: seed, model: model)
    let pairs = Array(made.filter { !known.contains($0.clean) }.prefix(count))
    let task = try CircuitTask(name: name, pairs: pairs, metric: metric, model: model)
    let origin = builtIn.isFixed ? "of the program" : "seed \(seed)"
    return Made(
      task: task, description: "\(name), \(Numbers.count(pairs.count, "pair")), \(origin)",
      file: nil, filePairs: nil, ownMetric: builtIn.metricName)
  }

  /// The same prompts measured as a method is: by what was asked for, its published metric or the task's own.
  func task(of made: Made, for loaded: LoadedModel, method: MethodEntry) throws -> CircuitTask {
    let metric = try metric(own: made.ownMetric, method)
    guard metric.name != made.task.metric.name else { return made.task }
    return try CircuitTask(
      name: made.task.name, pairs: made.task.pairs, metric: metric, model: loaded.model)
  }

  /// Prompts to measure circuits on, and what is to be said of them.
  struct Evaluated {
    let task: CircuitTask
    let description: String
    /// Whether circuits were found on other prompts.
    let isHeldOut: Bool
  }

  /// Prompts that circuits were not found on; the same ones where there are no others.
  ///
  /// - Parameters:
  ///   - made: The prompts that circuits are found on.
  ///   - loaded: The model whose tokens are used.
  ///   - method: The method, whose published metric is used unless one is given.
  /// - Returns: The pairs of a file that are held out, or as many pairs of a built-in task from the next seed.
  /// - Throws: As ``make(for:method:part:without:kept:)``.
  func evaluated(
    besides made: Made, for loaded: LoadedModel, method: MethodEntry? = nil
  ) throws -> Evaluated {
    let isSplit = made.filePairs.map { !$0.heldOut.isEmpty }
    guard isSplit ?? !loaded.isFixed(made.task.name) else {
      return Evaluated(task: made.task, description: made.description, isHeldOut: false)
    }
    var others = self
    if made.file == nil { others.seed = seed &+ 1 }
    do {
      let held = try others.make(
        for: loaded, method: method, part: .heldOut, without: made.task.pairs,
        kept: made.filePairs)
      return Evaluated(task: held.task, description: held.description, isHeldOut: true)
    } catch TaskError.empty {
      // The task cannot make any others.
      return Evaluated(task: made.task, description: made.description, isHeldOut: false)
    }
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
    from file: URL, _ kept: FilePairs?, _ method: MethodEntry?, _ model: Transformer, _ part: Part
  ) throws -> Made {
    let own = Metrics.all[0].name
    let metric = try metric(own: own, method)
    do throws(TaskError) {
      let all = if let kept { kept } else { try FilePairs(file, self, metric, model: model) }
      let some = all.pairs(part)
      let task = try CircuitTask(
        name: file.lastPathComponent, pairs: some.map(\.pair), metric: metric,
        model: model, numbers: some.map(\.number), notes: all.notes)
      return Made(
        task: task, description: description(task, all, part), file: file, filePairs: all,
        ownMetric: own)
    } catch {
      let sentence = error.description
      throw ExperimentError(
        sentence.hasPrefix(file.path) ? sentence : "\(file.path): \(sentence)")
    }
  }

  private func description(_ task: CircuitTask, _ all: FilePairs, _ part: Part) -> String {
    let skipped = all.leftOutCount > 0 ? ", \(all.leftOutCount) left out" : ""
    let others =
      part == .found && !all.heldOut.isEmpty
      ? ", \(all.heldOut.count) more held out, seed \(seed)" : ""
    return "\(task.name), \(Numbers.count(task.pairs.count, "pair"))\(skipped)\(others)"
  }
}
