public import ArgumentParser
public import Edgewise

extension Ablation: ExpressibleByArgument {
  /// What the option takes, with a stand-in for a file.
  public static var allValueStrings: [String] { allCases.map(\.rawValue) + ["optimal:FILE"] }
}
extension AnswerForm: ExpressibleByArgument {}
extension EdgeScores.Ranking: ExpressibleByArgument {}
extension CircuitSelection.Order: ExpressibleByArgument {}
extension AblationScheme.Granularity: ExpressibleByArgument {}
extension AblationScheme.Part: ExpressibleByArgument {}
extension EvaluationMeasure: ExpressibleByArgument {
  /// Takes the name of a measure.
  public init?(argument: String) { self.init(named: argument) }
}
extension AblatedPositions: ExpressibleByArgument {
  /// Reads the positions of an option.
  public init?(argument: String) { self.init(argument) }
}
extension CouplingRadius: ExpressibleByArgument {
  /// Reads the radius of an option.
  public init?(argument: String) { self.init(argument) }
}
extension SpanChoice: ExpressibleByArgument {
  /// Reads the choice of an option.
  public init?(argument: String) { self.init(argument) }
}
extension Share: ExpressibleByArgument {
  /// Reads the share of an option.
  public init?(argument: String) { self.init(argument) }
}

/// Whether files of models are trusted to be those that they were.
struct FileOptions: ParsableArguments {
  @Flag(
    help: """
      Read a model's files anew for their hashes, also those whose size and date are as they were.
      """)
  var verify = false
}

/// The model that a command works on.
struct ModelArgument: ParsableArguments {
  @Argument(
    help: """
      A Hugging Face directory, a .gguf file, the name of a bundled or fetched model, or ORG/NAME (or \
      ORG/NAME@REVISION), a model in Hugging Face's cache. Without it, \
      the bundled \(Transformer.bundledName).
      """)
  var model: String = Transformer.bundledName

  @OptionGroup var files: FileOptions
}

/// How prompts are made and measured.
struct PromptOptions: ParsableArguments {
  @Option(
    parsing: .unconditional, help: "How many prompt pairs a built-in task makes. (default: 100)")
  var count: Int?

  @Option(
    parsing: .unconditional,
    help: "Where random choices start, of a built-in task and of what is held out; 0 or more.")
  var seed: UInt64 = 0

  @Option(
    help: """
      One of \(Metrics.all.map(\.name).joined(separator: ", ")). (default: the task's own, kl for acdc)
      """)
  var metric: String?

  @OptionGroup var reading: ReadingOptions

  @Option(
    parsing: .unconditional,
    help: "The share of a file's pairs that circuits are not found on but measured on.")
  var holdout: Double = 0.3

  func plan(_ task: String?) -> TaskPlan {
    TaskPlan(
      name: task, count: count ?? 100, seed: seed, metric: metric, reading: reading.plan,
      holdout: holdout)
  }

  func validate() throws {
    try validated { try plan(nil).check() }
  }
}

/// What is wrong with a plan is wrong with the command's options.
func validated(_ check: () throws -> Void) throws {
  do { try check() } catch { throw ValidationError("\(error)") }
}

/// How the pairs of a task's file are read.
struct ReadingOptions: ParsableArguments {
  @Option(
    help: """
      What of a file's answers is scored: all of it, which must be one token (one-token), or its first token \
      (first-token). (default: one-token, or the run's)
      """)
  var answers: AnswerForm?

  @Flag(
    name: [.long, .customLong("skip-unequal")],
    help: """
      Leave out and count a file's pairs that cannot be used instead of refusing them: prompts of unequal length, \
      answers of several tokens, unknown tokens.
      """)
  var skipUnusable = false

  var plan: TaskFile.Reading {
    TaskFile.Reading(answers: answers ?? .oneToken, skipsUnusable: skipUnusable)
  }
}

/// Which edges there are and what absent ones carry.
struct EdgeChoice: ParsableArguments {
  @Option(help: "What an ablated edge carries.")
  var ablation: Ablation = .resample

  @Flag(help: "Give heads that share a key or value one reader for it.")
  var groupKeyValues = false
}

/// Whether a run goes on where one was interrupted.
struct ResumeOptions: ParsableArguments {
  @Flag(help: "Go on where an interrupted run with the same --output stopped.")
  var resume = false

  @Option(
    parsing: .unconditional,
    help: "How many seconds lie between the states that a long run keeps beside --output.")
  var resumeSeconds: Double = 20

  /// Where the state of a run lies that writes into a directory.
  func place(beside target: RunDirectory?) -> ResumePlace? {
    target.map { ResumePlace(beside: $0, resumes: resume, every: resumeSeconds) }
  }

  func check(_ output: OutputOptions) throws {
    guard !resume || output.output != nil else {
      throw ValidationError("--resume goes with the --output of the run that was interrupted.")
    }
  }

  func validate() throws {
    guard (0...1_000_000).contains(resumeSeconds) else {
      throw ValidationError(
        "--resume-seconds should be from 0 to 1000000, found \(resumeSeconds).")
    }
  }
}
