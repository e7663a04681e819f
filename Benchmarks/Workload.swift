import Edgewise

/// A random model of GPT-2 small's shape and 32 prompts of 16 tokens; only the shape matters.
enum Workload {
  static func model() -> Transformer {
    Transformer.random(
      TransformerConfiguration(
        layerCount: 12, headCount: 12, keyValueHeadCount: 12, dModel: 768, dHead: 64, dMLP: 3072,
        vocabularySize: 50257, contextLength: 1024, activation: .geluTanh, isGated: false,
        isParallel: false, normIsCentred: true, normEpsilon: 1e-5, rotaryFrequencies: nil),
      seed: 1)
  }

  static func task(for model: Transformer) -> CircuitTask {
    var generator = SeededGenerator(seed: 2)
    let token = { Int32.random(in: 0..<50257, using: &generator) }
    let pairs = (0..<32).map { _ in
      PromptPair(
        clean: (0..<16).map { _ in token() }, corrupted: (0..<16).map { _ in token() },
        answers: [token()], wrongAnswers: [token()])
    }
    guard
      let task = try? CircuitTask(
        name: "random", pairs: pairs, metric: LogitDifference(), model: model)
    else { preconditionFailure("random tokens lie in the vocabulary") }
    return task
  }
}
