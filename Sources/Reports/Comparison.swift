public import Evaluation

/// Methods held against each other on tasks: by the true circuit where it is known, else by what circuits do.
public struct Comparison: Sendable {
  /// What a method made of a task.
  public struct Outcome: Sendable {
    /// The method's name.
    public let method: String
    /// The method with its options.
    public let settings: String
    /// Forward and backward passes over the prompts.
    public let passes: (forward: Double, backward: Double)
    /// Seconds that it took.
    public let seconds: Double
    /// What it found; nil when it cannot say anything about the task.
    public let found: Found?

    /// Takes what was measured.
    public init(
      method: String, settings: String, passes: (forward: Double, backward: Double),
      seconds: Double, found: Found?
    ) {
      self.method = method
      self.settings = settings
      self.passes = passes
      self.seconds = seconds
      self.found = found
    }
  }

  /// How good scores are.
  public enum Found: Sendable, Codable {
    /// Against the true circuit, by edges and by nodes.
    case recovery(edges: RecoveryCurve, nodes: RecoveryCurve)
    /// By the faithfulness of circuits whose edges rank signed, and by magnitude.
    case faithfulness(signed: FaithfulnessCurve, magnitude: FaithfulnessCurve)
  }

  /// A task with every method's outcome.
  public struct Task: Sendable {
    /// Its name, unlike the others'.
    public let name: String
    /// What is said of model, prompts and truth.
    public let description: String
    /// The outcomes, by the order of the methods.
    public var outcomes: [Outcome]

    /// Takes what was measured.
    public init(name: String, description: String, outcomes: [Outcome]) {
      self.name = name
      self.description = description
      self.outcomes = outcomes
    }
  }

  /// The tasks, in the order they were asked for.
  public let tasks: [Task]

  /// Takes what was measured.
  public init(tasks: [Task]) { self.tasks = tasks }

  /// The numbers of a found ranking, by the names of the table's columns; NaN where nothing was ranked.
  public static func numbers(_ found: Found) -> [(name: String, value: Double)] {
    switch found {
    case .recovery(let edges, let nodes):
      [
        ("edge AUC", edges.area(.pessimistic)), ("edges, trap.", edges.area(.trapezoid)),
        ("node AUC", nodes.area(.pessimistic)), ("nodes, trap.", nodes.area(.trapezoid)),
      ].map { ($0, $1 ?? .nan) }
    case .faithfulness(let signed, let magnitude):
      [
        ("CPR", signed.area()), ("CMD", magnitude.distance()),
        ("log. area", signed.area(.nominal, .logarithmic)),
        ("log. distance", magnitude.distance(.nominal, .logarithmic)),
      ]
    }
  }
}

// Tables and plots ------------------------------------------------------------------------------

extension Comparison {
  /// A table for each task, and those of means.
  public func text(on page: Page = Page()) -> String {
    (tasks.map { $0.text(on: page) } + [summary(on: page)]).joined(separator: "\n\n")
  }

  /// Tables of means, where there are several tasks of a kind, and the methods' options.
  public func summary(on page: Page = Page()) -> String {
    (means(page) + [settings]).joined(separator: "\n\n")
  }

  private var settings: String {
    (tasks.first?.outcomes ?? []).map(\.settings).joined(separator: "; ")
  }

  /// The plot of each task that has one, by its name.
  public var figures: [(task: String, figure: Figure)] {
    tasks.compactMap { task in task.plot(settings).map { (task.name, $0.figure) } }
  }

  fileprivate static func table(_ outcomes: [Outcome]) -> TextTable {
    let names = outcomes.lazy.compactMap(\.found).first.map { numbers($0).map(\.name) } ?? []
    var table = TextTable(
      columns: [("method", .left)] + names.map { ($0, .right) }
        + [("forward", .right), ("backward", .right), ("time", .right)])
    for outcome in outcomes {
      let cells = outcome.found.map { numbers($0).map { Numbers.fixed($0.value) } }
      table.add(
        cells: [outcome.method] + (cells ?? [String](repeating: "–", count: names.count)) + [
          cells == nil ? "–" : passes(outcome.passes.forward),
          cells == nil ? "–" : passes(outcome.passes.backward),
          cells == nil ? "–" : Numbers.duration(outcome.seconds),
        ])
    }
    return table
  }

  private static func passes(_ count: Double) -> String {
    count == count.rounded() ? Numbers.count(Int(count)) : Numbers.fixed(count, 1)
  }

  /// Tables of means over the tasks with a known circuit, and over those without.
  private func means(_ page: Page) -> [String] {
    [true, false].compactMap { isKnown in
      let some = tasks.filter { $0.isKnown == isKnown }
      guard some.count > 1, let methods = some.first?.outcomes.map(\.method) else { return nil }
      let founds = methods.indices.map { index in some.compactMap { $0.outcomes[index].found } }
      let names = founds.joined().first.map { Self.numbers($0).map(\.name) } ?? []
      var table = TextTable(
        columns: [("method", .left)] + names.map { ($0, .right) }
          + [("tasks", .right)]
          + (isKnown ? [("lowest", .right), ("at 0.99 or more", .right)] : []))
      for (method, found) in zip(methods, founds) {
        let rows = found.map { Self.numbers($0).map(\.value) }
        let means = names.indices.map { column in
          Numbers.fixed(rows.map { $0[column] }.reduce(0, +) / Double(rows.count))
        }
        let first = rows.map { $0[0] }
        table.add(
          cells: [method] + means + ["\(rows.count)"]
            + (isKnown
              ? [
                Numbers.fixed(first.contains(where: \.isNaN) ? .nan : first.min() ?? .nan),
                "\(first.count { $0 >= 0.99 })",
              ] : []))
      }
      let kind = isKnown ? "whose circuits are known" : "whose circuits are not known"
      return "mean over the \(some.count) tasks \(kind)\n\n\(table.text(on: page))"
    }
  }
}

extension Comparison.Task {
  /// What is said of it, and its table.
  public func text(on page: Page = Page()) -> String {
    "\(description)\n\n\(Comparison.table(outcomes).text(on: page))"
  }

  /// Recovery where the true circuit is known, else faithfulness: a colour for each method, dashed by magnitude.
  fileprivate func plot(_ settings: String) -> LinePlot? {
    var recoveries: [(name: String, curve: RecoveryCurve)] = []
    var series: [LinePlot.Series] = []
    for (index, outcome) in outcomes.enumerated() {
      switch outcome.found {
      case .recovery(let edges, _):
        let area = Numbers.fixed(edges.area(.pessimistic) ?? .nan)
        recoveries.append(("\(outcome.method), AUC \(area)", edges))
      case .faithfulness(let signed, let magnitude):
        for (curve, ranking) in [(signed, "signed"), (magnitude, "magnitude")] {
          series.append(
            LinePlot.Series(
              "\(outcome.method), \(ranking)",
              curve.points.map { LinePlot.Point($0.fraction, $0.faithfulness.value) },
              isDashed: ranking == "magnitude", colour: index))
        }
      case nil: continue
      }
    }
    guard !recoveries.isEmpty || !series.isEmpty else { return nil }
    let caption = "\(description)\n\(settings)"
    return series.isEmpty
      ? .recovery("\(name): edges of the true circuit", caption: caption, recoveries)
      : .faithfulness("\(name): faithfulness over circuit size", caption: caption, series)
  }

  /// Whether the true circuit is known.
  var isKnown: Bool {
    outcomes.contains {
      if case .recovery = $0.found { true } else { false }
    }
  }
}
