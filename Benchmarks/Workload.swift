import Edgewise

/// Random models like GPT-2 and prompts of 16 random tokens; only the shape matters.
enum Workload {
  /// A model of GPT-2's structure and vocabulary, GPT-2 small if nothing else is said.
  static func model(layers: Int = 12, heads: Int = 12, width: Int = 768) -> Transformer {
    let sizes = HeadSizes(count: heads, width: width / heads)
    return Transformer.random(
      TransformerConfiguration(
        layers: .alike(layers, heads: sizes), heads: sizes,
        mlp: MLPVariant(width: 4 * width, activation: .geluTanh),
        norm: NormVariant(.layer, epsilon: 1e-5), dModel: width, vocabularySize: 50257,
        contextLength: 1024),
      seed: 1)
  }

  /// GPT-2 small's shape, and 32 prompts of 16 tokens.
  static func small() -> (model: Transformer, task: CircuitTask) {
    let model = model()
    print("GPT-2-small shape, 32 prompts × 16 tokens")
    return (model, task(for: model))
  }

  /// Prompts of 16 random tokens of a model.
  static func batch(for model: Transformer, prompts: Int) -> TokenBatch {
    var generator = SeededGenerator(seed: 2)
    let tokens = 0..<Int32(model.configuration.vocabularySize)
    let length = min(16, model.configuration.contextLength)
    return TokenBatch(
      (0..<prompts).map { _ in
        (0..<length).map { _ in Int32.random(in: tokens, using: &generator) }
      })
  }

  /// Pairs of random prompts, of which the first tokens may be the same.
  static func task(
    for model: Transformer, prompts: Int = 32, metric: any Metric = LogitDifference(),
    sharing: Int = 0
  ) -> CircuitTask {
    var generator = SeededGenerator(seed: 2)
    let token = { Int32.random(in: 0..<50257, using: &generator) }
    let pairs = (0..<prompts).map { _ in
      let (clean, corrupted) = ((0..<16).map { _ in token() }, (0..<16).map { _ in token() })
      return PromptPair(
        clean: clean, corrupted: Array(clean.prefix(sharing)) + corrupted.dropFirst(sharing),
        answers: [token()], wrongAnswers: [token()])
    }
    guard
      let task = try? CircuitTask(
        name: "random", pairs: pairs, metric: metric, model: model)
    else { preconditionFailure("random tokens lie in the vocabulary") }
    return task
  }
}
