import Edgewise
import Foundation

/// A forward pass with weights mapped as their file stores them, against one with the same weights as Float32 in memory.
enum StreamingBenchmark {
  private static let rounds = 5

  static func run(_ model: String?) throws {
    guard let model else {
      return try RandomCheckpoint.with(.bf16) { try measure($0.path, "a random Llama in BF16") }
    }
    try measure(model, model)
  }

  private static func measure(_ path: String, _ name: String) throws {
    let earlierPeak = ProcessSettings.peakMemory
    let stored = try ModelReference(path).load().model
    let batches = [1, 32].map { Workload.batch(for: stored, prompts: $0) }
    for batch in batches { _ = stored.logits(batch) }
    let mappedPeak = ProcessSettings.peakMemory
    let resident = resident(stored)
    print("streaming \(name): weights as stored / as Float32 in memory, a forward pass")
    for batch in batches {
      var times = (stored: Double.infinity, resident: Double.infinity)
      for _ in 0..<rounds {
        times.stored = min(times.stored, shortest(of: 1) { _ = stored.logits(batch) })
        times.resident = min(times.resident, shortest(of: 1) { _ = resident.logits(batch) })
      }
      let label = Numbers.count(batch.promptCount, "prompt") + " of 16 tokens"
      print(
        label.padding(toLength: 43, withPad: " ", startingAt: 0)
          + "\(Numbers.fixed(times.stored / times.resident, 2)) ×")
    }
    // A process's peak never falls: what ran before in it may have taken more.
    guard mappedPeak > earlierPeak else {
      return print("peak memory is told when this part is run alone, as streaming")
    }
    print(
      """
      peak memory, weights as stored             \(Numbers.count(mappedPeak >> 20)) MiB
      peak memory, Float32 weights beside them   \(Numbers.count(ProcessSettings.peakMemory >> 20)) MiB
      """)
  }

  /// The same model whose numbers are Float32 in memory of their own.
  private static func resident(_ model: Transformer) -> Transformer {
    var weights = model.weights.map { Tensor($0.values(), shape: $0.shape) }
    if model.weights.unembedding.weight.sharesStorage(with: model.weights.tokenEmbedding) {
      weights.unembedding.weight = weights.tokenEmbedding
    }
    return Transformer(name: model.name, configuration: model.configuration, weights: weights)
  }
}
