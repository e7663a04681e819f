import Edgewise

/// Times work and reports it as ratios inside one run; seconds alone say little across machines.
///
/// Usage: `swift run -c release edgewise-benchmarks [--threads N] [eap] [segments] [evaluation] [patching]`, all
/// parts if none is named.
@main
struct Benchmark {
  static func main() {
    ProcessSettings.keepFreedMemory()
    let arguments = CommandLine.arguments
    if let flag = arguments.firstIndex(of: "--threads"), flag + 1 < arguments.count,
      let threads = Int(arguments[flag + 1])
    {
      ProcessSettings.limitThreads(to: threads)
    }
    let model = Workload.model()
    let task = Workload.task(for: model)
    let parts: [(name: String, run: () -> Void)] = [
      ("eap", EAPBenchmark(model: model, task: task).run),
      ("segments", SegmentBenchmark(model: model, task: task).run),
      ("evaluation", EvaluationBenchmark(model: model, task: task).run),
      (
        "patching",
        {
          PatchingBenchmark.projection(model, task)
          PatchingBenchmark.small()
        }
      ),
    ]
    let named = parts.filter { arguments.contains($0.name) }
    print("GPT-2-small shape, 32 prompts × 16 tokens, \(ProcessSettings.threadCount) threads")
    for part in named.isEmpty ? parts : named { part.run() }
  }
}

/// The shortest of several runs, in seconds: the one that other work disturbed least.
func shortest(of rounds: Int, _ body: () -> Void) -> Double {
  (0..<rounds).map { _ in
    let parts = ContinuousClock().measure(body).components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }.min() ?? 0
}
