import Edgewise
import Foundation

/// Times work and reports it as ratios inside one run; seconds alone say little across machines.
@main
struct Benchmark {
  private static let usage = """
    Usage: swift run -c release edgewise-benchmarks [--threads N] [--model MODEL] [PART]…

      eap          all edges by EAP, to the passes that it is made of
      segments     masks and scores of single prompts, to those of all; a step of training a mask
      evaluation   circuits of ten sizes measured, to as many forward passes
      patching     exact patching and ACDC, to a forward pass for each edge
      loading      a model's first logits, to reading its file once and to a warm forward pass
      streaming    a forward pass with weights as their file stores them, to one with Float32 weights in memory

    All parts if none is named. loading and streaming take the MODEL, a path or name as the command takes them; without
    one they make a random checkpoint of 500 and 250 MB in a temporary directory, and remove it.
    """

  /// A part that is run on a random model of GPT-2 small's shape, or on a model of the user's.
  private enum Part: Sendable {
    case random(@Sendable (Transformer, CircuitTask) -> Void)
    case stored(@Sendable (String?) throws -> Void)
  }

  private static let parts: [(name: String, part: Part)] = [
    ("eap", .random { EAPBenchmark(model: $0, task: $1).run() }),
    ("segments", .random { SegmentBenchmark(model: $0, task: $1).run() }),
    ("evaluation", .random { EvaluationBenchmark(model: $0, task: $1).run() }),
    (
      "patching",
      .random { model, task in
        PatchingBenchmark.projection(model, task)
        PatchingBenchmark.small()
      }
    ),
    ("loading", .stored(LoadingBenchmark.run)),
    ("streaming", .stored(StreamingBenchmark.run)),
  ]

  static func main() {
    ProcessSettings.keepFreedMemory()
    var (names, model) = ([String](), String?.none)
    var arguments = CommandLine.arguments.dropFirst()
    while let argument = arguments.popFirst() {
      switch argument {
      case "--threads":
        guard let threads = arguments.popFirst().flatMap({ Int($0) }), threads > 0 else { refuse() }
        ProcessSettings.limitThreads(to: threads)
      case "--model":
        guard let name = arguments.popFirst() else { refuse() }
        model = name
      case "--help":
        print(usage)
        return
      default:
        guard parts.contains(where: { $0.name == argument }) else { refuse() }
        names.append(argument)
      }
    }
    do {
      try run(parts.filter { names.isEmpty || names.contains($0.name) }.map(\.part), model)
    } catch {
      print("Error: \(error)")
      exit(1)
    }
  }

  private static func run(_ parts: [Part], _ model: String?) throws {
    print("\(ProcessSettings.threadCount) threads")
    var random: (model: Transformer, task: CircuitTask)?
    for part in parts {
      switch part {
      case .random(let body):
        let workload = random ?? Workload.small()
        random = workload
        body(workload.model, workload.task)
      case .stored(let body): try body(model)
      }
    }
  }

  private static func refuse() -> Never {
    print(usage)
    exit(64)
  }
}

/// The shortest of several runs, in seconds: the one that other work disturbed least.
func shortest(of rounds: Int, _ body: () throws -> Void) rethrows -> Double {
  try (0..<rounds).map { _ in
    let parts = try ContinuousClock().measure(body).components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }.min() ?? 0
}
