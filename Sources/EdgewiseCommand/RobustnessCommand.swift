import ArgumentParser
import Edgewise
import Foundation

struct RobustnessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "robustness",
    abstract: "Show how far a circuit's score depends on the choice of method.",
    discussion: """
      One circuit, its faithfulness when edges or nodes are ablated, by each ablation, at all positions \
      or at some, by several metrics (arXiv 2407.08734). With --output also writes robustness.csv.
      """)

  @OptionGroup(title: "Source and prompts") var source: EvaluationOptions
  @OptionGroup(title: "Circuit") var selection: SelectionOptions

  @Option(
    parsing: .unconditional,
    help: """
      The positions to compare with all: a list of numbers (negative from the end), ranges such as \
      3-5, last, and changed, where the prompts of a pair differ.
      """)
  var positions: AblatedPositions = .changedAndLast

  @Option(
    help: """
      The ablations to compare, with commas between. (default: resample,mean,positional-mean,zero)
      """)
  var ablation: CommaList<Ablation>?

  @Option(
    help: "Whether everything outside of the circuit is ablated (complement), or the circuit.")
  var part: AblationScheme.Part = .complement

  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let (target, bar) = try output.begin()
    let found = try EvaluationSource(source, selection)
    found.task.warn(about: found.model, found.task.accuracy(of: found.model))
    let metrics = Metrics.all.filter {
      (Self.metrics.contains($0.name) || $0.name == found.task.metric.name)
        && found.task.allows($0)
    }
    let schemes = Robustness.schemes(
      ablations: ablation?.elements ?? [.resample, .mean(), .positionalMean(), .zero],
      part: part, positions: positions == .all ? [.all] : [.all, positions])
    let robustness = InterventionRuns(model: found.model, task: found.task).robustness(
      of: found.circuit, under: schemes, by: metrics, progress: bar.show)
    try robustness.rows.forEach { row in
      try row.faithfulness.forEach { try $0.requireNumbers(of: found.model) }
    }
    try target?.write(["robustness.csv": Data(robustness.csvText.utf8)])
    guard !output.json else {
      print(try sortedJSON(RobustnessRecord(robustness, found, part)))
      return
    }
    print(
      """
      \(found.model.name): circuit of \(Numbers.count(found.circuit.edgeCount, "edge"))
      \(found.circuitDescription)
      \(found.selectionDescription)
      \(found.taskDescription)
      faithfulness under \(Numbers.count(schemes.count)) choices of what is ablated \
      \(part == .complement ? "outside of the circuit" : "of the circuit itself")

      \(robustness.table.text)

      from lowest to highest, in percentage points:
      \(robustness.conclusion)
      """)
    if let target { print("\nfiles: \(target.url.path)") }
  }

  /// What fits beside each other: one metric of each kind.
  private static let metrics = ["logit-difference", "probability-difference", "kl", "accuracy"]
}

/// What `robustness --json` prints.
private struct RobustnessRecord: Encodable {
  struct Row: Encodable {
    let granularity: String
    let ablation: String
    let positions: String
    let measured: [EvaluationRecord.Measured]
  }

  let version = edgewiseVersion
  let arguments = Array(CommandLine.arguments.dropFirst())
  let workingDirectory = FileManager.default.currentDirectoryPath
  let model: String
  let circuit: String
  let edges: Int
  let task: String
  let part: String
  let rows: [Row]

  init(_ robustness: Robustness, _ found: EvaluationSource, _ part: AblationScheme.Part) {
    model = found.model.name
    circuit = found.circuitDescription
    edges = found.circuit.edgeCount
    task = found.taskDescription
    self.part = part.rawValue
    rows = robustness.rows.map { row in
      Row(
        granularity: row.scheme.granularity.rawValue, ablation: row.scheme.ablation.rawValue,
        positions: row.scheme.positions.description,
        measured: zip(robustness.metrics, row.faithfulness).map {
          EvaluationRecord.Measured($0, $1)
        })
    }
  }
}
