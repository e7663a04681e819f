import Edgewise
package import Foundation

extension DeviceCase {
  /// Whole methods and an evaluation on small random models.
  package static let runs: [DeviceCase] = models.flatMap { name, configuration in
    methods.map { text, tolerance in
      DeviceCase("\(text) on \(name)", tolerance: tolerance) { device in
        let model = try Transformer.random(configuration, seed: 3).moved(to: device)
        let choice = try MethodChoice(text)
        let task = try task(
          for: model, metric: text.hasPrefix("acdc") ? Divergence.kl : LogitDifference())
        let problem = DiscoveryProblem(model: model, task: task)
        return try choice.method.make(choice.options()).scores(for: problem).values.map(Double.init)
      }
    } + [evaluation(name, configuration)]
  }

  /// The logits and EAP's scores of a checkpoint.
  package static func checkpoint(_ directory: URL) -> DeviceCase {
    DeviceCase("checkpoint \(directory.lastPathComponent)", tolerance: 1e-4) { device in
      let model = try Transformer(contentsOf: directory).moved(to: device)
      let task = try task(for: model, metric: LogitDifference())
      let logits = model.logits(TokenBatch(task.pairs.map(\.clean)))
      let scores = try AttributionPatching.plain.scores(
        for: DiscoveryProblem(model: model, task: task))
      return logits.values().map(Double.init) + scores.values.map(Double.init)
    }
  }

  /// Method and tolerance: training takes steps by signs of small gradients, and drifts; AttnLRP divides by small
  /// scores.
  private static let methods = [
    ("eap", 1e-4), ("gim", 1e-4), ("relp-qk", 1e-4), ("attnlrp", 5e-3), ("eap-ig:steps=3", 1e-4),
    ("ceap:steps=3", 1e-4), ("expected-gradients", 1e-4), ("atp-star", 1e-4),
    ("eap-gp:steps=2:at=all", 1e-4), ("ifr", 1e-4),
    ("eap-ig-activations:steps=2", 1e-4), ("exact", 1e-4),
    ("hisp", 1e-4), ("hisp-edges", 1e-4), ("acdc:tau=0.002", 1e-4), ("sp-edges:steps=4", 1e-3),
  ]

  private static let models: [(String, TransformerConfiguration)] = {
    let plain = HeadSizes(count: 4, width: 8)
    let shared = HeadSizes(count: 4, keyValueCount: 2, width: 8)
    return [
      (
        "a GPT-2",
        TransformerConfiguration(
          layers: .alike(2, heads: plain), heads: plain,
          mlp: MLPVariant(width: 64, activation: .geluTanh),
          norm: NormVariant(.layer, epsilon: 1e-5),
          dModel: 32, vocabularySize: 61, contextLength: 16)
      ),
      (
        "a Llama",
        TransformerConfiguration(
          layers: .alike(2, rotaryFrequencies: [1, 0.3, 0.1, 0.03], heads: shared), heads: shared,
          mlp: MLPVariant(width: 48, activation: .silu, isGated: true),
          norm: NormVariant(.rootMeanSquare, epsilon: 1e-5), dModel: 32, vocabularySize: 61,
          contextLength: 16)
      ),
    ]
  }()

  /// The faithfulness of circuits of several sizes, and the gradient of their masks.
  private static func evaluation(_ name: String, _ configuration: TransformerConfiguration)
    -> DeviceCase
  {
    DeviceCase("evaluation on \(name)", tolerance: 1e-4) { device in
      let model = try Transformer.random(configuration, seed: 3).moved(to: device)
      let task = try task(for: model, metric: LogitDifference())
      let scores = EdgeScores(
        (0..<(model.graph.writerCount * model.graph.readerCount)).map { Float(($0 * 37) % 101) },
        graph: model.graph)
      let ablations: [Ablation] = [.resample, .zero, .mean()]
      return ablations.flatMap { ablation in
        CircuitEvaluation(model: model, task: task, ablation: ablation).curves(
          of: scores, by: [.signed]
        )
        .flatMap { $0.points.map(\.faithfulness.circuit.mean) }
      }
    }
  }

  /// Pairs of random prompts of several lengths that begin alike.
  private static func task(for model: Transformer, metric: any Metric) throws -> CircuitTask {
    var generator = SeededGenerator(seed: 5)
    let size = Int32(model.configuration.vocabularySize)
    let token = { Int32.random(in: 0..<size, using: &generator) }
    let pairs = (0..<5).map { place in
      let start = [token(), token()]
      let (clean, corrupted) = (
        (0..<(3 + place)).map { _ in token() }, (0..<(3 + place)).map { _ in token() }
      )
      return PromptPair(
        clean: start + clean, corrupted: start + corrupted, answers: [token()],
        wrongAnswers: [token()])
    }
    return try CircuitTask(name: "random", pairs: pairs, metric: metric, model: model)
  }
}
