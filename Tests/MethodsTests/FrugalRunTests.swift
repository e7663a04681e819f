import Engine
import Evaluation
import Experiments
import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Runs that keep little give what others give.
@Suite struct FrugalRunTests {
  private static let methods: [AttributionPatching] = [
    .plain, .gim(), .integrated(steps: 3), .cleanAndCorrupted,
  ]

  /// With a few bytes of room every prompt is longer than a batch.
  private func problems(_ family: String, _ ablation: Ablation) throws -> [DiscoveryProblem] {
    let golden = try GoldenModel(family)
    var narrow = golden.model
    narrow.memory = 1000
    return try [golden.model, narrow].map { model in
      DiscoveryProblem(
        model: model, task: try golden.task(LogitDifference()), ablation: ablation)
    }
  }

  @Test(arguments: ["gpt2", "gpt_neox", "llama", "gemma2"], methods)
  func `the same scores`(family: String, method: AttributionPatching) throws {
    for ablation in [Ablation.resample, .zero] {
      let found = try problems(family, ablation).map { try method.scores(for: $0).values }
      expectClose(
        found[1].map(Double.init), found[0].map(Double.init), relative: 1e-5,
        "\(family), \(ablation)")
    }
  }

  @Test func `the same scores of prompts and spans`() throws {
    let problems = try problems("llama", .resample)
    let groups = problems[0].task.pairs.indices.map { $0..<($0 + 1) }
    let prompts = try problems.map {
      try AttributionPatching.plain.promptScores(for: $0, groups: groups, run: MethodRun())
    }
    let spans = try problems.map {
      try AttributionPatching.plain.spanScores(
        for: $0, at: try PromptSpans(.positions, of: $0.task))
    }
    for (one, other) in zip(prompts[0] + spans[0].parts, prompts[1] + spans[1].parts) {
      expectClose(
        other.values.map(Double.init), one.values.map(Double.init), relative: 1e-5)
    }
  }

  /// Other forms keep what they need, whatever memory there is.
  @Test(arguments: [
    AttributionPatching.conductance(steps: 2), .steered(steps: 2), .expectedGradients(),
    .integrated(along: .modules, steps: 2),
  ]) func `methods that need all of a run`(method: AttributionPatching) throws {
    #expect(!method.canBeFrugal)
    let found = try problems("llama", .resample).map { try method.scores(for: $0).values }
    expectClose(found[1].map(Double.init), found[0].map(Double.init), relative: 1e-5)
  }

  /// Circuits of long prompts are measured in pieces.
  @Test(arguments: ["llama", "gemma3"], [Ablation.resample, .mean()])
  func `the same circuits`(family: String, ablation: Ablation) throws {
    let problems = try problems(family, ablation)
    let batches = problems.map { $0.task.batches($0.model.maskedBatch(withGradients: false)) }
    #expect(batches[0].allSatisfy { problems[0].model.pieceLength(of: $0.clean) == nil })
    #expect(batches[1].allSatisfy { problems[1].model.pieceLength(of: $0.clean) == 1 })
    let circuit = try AttributionPatching.plain.scores(for: problems[0]).circuit(edgeCount: 40)
    let found = problems.map { problem in
      let evaluation = CircuitEvaluation(
        model: problem.model, task: problem.task, ablation: ablation)
      return evaluation.faithfulness(of: [circuit, circuit.complement], by: [problem.task.metric])
        .flatMap { $0[0].circuit.values + $0[0].empty.values + $0[0].full.values }
        + evaluation.minimality(of: circuit).flatMap(\.effect.values)
    }
    expectClose(found[1], found[0], relative: 1e-5)
  }

  /// What is announced grows with the prompt, and less where little is kept.
  @Test func `bytes`() throws {
    let heads = HeadSizes(count: 2, keyValueCount: 1, width: 4)
    var model = Transformer.random(
      TransformerConfiguration(
        layers: .alike(40, heads: heads), heads: heads,
        mlp: MLPVariant(width: 32, activation: .geluTanh),
        norm: NormVariant(.layer, epsilon: 1e-5), dModel: 8, vocabularySize: 11, contextLength: 9,
        isParallel: false), seed: 4)
    let bytes = { (model: Transformer, isFrugal: Bool) in
      model.batchBytes(
        tokens: 4000, prompts: 1, longest: 4000, isMasked: false, isFrugal: isFrugal)
    }
    #expect(bytes(model, true) == bytes(model, false))
    model.memory = 1 << 20
    #expect(bytes(model, true) < bytes(model, false) * 3 / 4)
    // A longer prompt never needs less, and a long one much less than a masked run of it whole.
    let lengths = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 377, 987, 2584, 6765]
    let needs = { (need: (Int) -> Int) in lengths.map(need) }
    for memory in [nil, 1 << 20, 1 << 26] as [Int?] {
      model.memory = memory
      let limited = model
      for numbers in [
        needs { limited.measuringBytes(tokens: $0, prompts: 1, longest: $0) },
        needs { limited.measuringBytes(tokens: 7000, prompts: 9, longest: $0) },
        needs {
          limited.batchBytes(
            tokens: $0, prompts: 1, longest: $0, isMasked: false, isFrugal: true)
        },
      ] {
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 <= $1 }, "\(numbers)")
      }
    }
    model.memory = 1 << 20
    #expect(
      model.measuringBytes(tokens: 4000, prompts: 1, longest: 4000)
        < model.batchBytes(tokens: 4000, prompts: 1, longest: 4000, isMasked: true) / 4)
    #expect(
      model.measuringBytes(tokens: 4000, prompts: 1, longest: 4000)
        > 4 * 4000 * 2 * 40 * 8 + model.measuringBytes(tokens: 1, prompts: 1, longest: 1))
  }

  @Test func `numbers of bytes`() {
    for (text, bytes) in [("8G", 8 << 30), ("512m", 512 << 20), ("1.5GiB", 3 << 29), ("2KB", 2048)]
    {
      #expect(ByteCount(text)?.bytes == bytes, "\(text)")
    }
    for text in ["", "8", "G", "-1G", "0M", "1e30T", "8 G B", "nanG"] {
      #expect(ByteCount(text) == nil, "\(text)")
    }
  }
}
