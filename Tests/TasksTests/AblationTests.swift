import Graphs
import Engine
import Models
import Tasks
import Tensors
import TestSupport
import Testing

/// Means over the right axes, worked out token by token.
@Suite struct AblationTests {
  private let golden: GoldenModel
  private let task: CircuitTask

  init() throws {
    golden = try GoldenModel("gpt2")
    task = try golden.task(LogitDifference())
  }

  private func writes(_ ablation: Ablation) -> CompactWrites {
    AblationValues(ablation, task: task, model: golden.model).writes(
      for: PairBatch(task.pairs), cache: nil)
  }

  @Test func `resample is the corrupted run and zero is nothing`() {
    let corrupted = PlainRun(golden.model, batch: golden.corrupted).forward().writes
    #expect(writes(.resample).heads == corrupted.heads && writes(.resample).mlps == corrupted.mlps)
    #expect(writes(.zero).input.values().allSatisfy { $0 == 0 })
    #expect(writes(.zero).heads.allSatisfy { $0.values().allSatisfy { $0 == 0 } })
  }

  @Test(arguments: [Ablation.mean(), .positionalMean()]) func `means`(ablation: Ablation) {
    let corrupted = PlainRun(golden.model, batch: golden.corrupted).forward().writes
    let positions = golden.corrupted.positions
    for (found, source) in zip(tensors(writes(ablation)), tensors(corrupted)) {
      for (token, position) in positions.enumerated() {
        // Every token counts once; by position, only those at the same one.
        let same = positions.indices.filter { ablation == .mean() || positions[$0] == position }
        let mean = (0..<source.columnCount).map { column in
          same.reduce(0.0) { $0 + Double(source[$1, column]) } / Double(same.count)
        }
        expectClose(
          found.row(token).map(Double.init), mean, relative: 1e-4, to: 0.1, "\(ablation) \(token)")
      }
    }
  }

  @Test func `means do not depend on how the task is cut into batches`() throws {
    let single = try task.pairs.map { pair in
      try CircuitTask(name: "one", pairs: [pair], metric: LogitDifference(), model: golden.model)
    }
    #expect(task.batches(Transformer.BatchLimit(tokens: 1)).count == task.pairs.count)
    #expect(single.allSatisfy { $0.batches(Transformer.BatchLimit(tokens: 100)).count == 1 })
    #expect(
      task.batches(Transformer.BatchLimit(tokens: 10_000)).map(\.promptCount) == [task.pairs.count])
  }

  @Test func `batches are filled up to their limits`() throws {
    let pairs = [3, 2, 5, 1, 1, 4].map { length in
      let tokens = [Int32](repeating: 1, count: length)
      return PromptPair(clean: tokens, corrupted: tokens, answers: [2], wrongAnswers: [3])
    }
    let task = try CircuitTask(
      name: "lengths", pairs: pairs, metric: LogitDifference(), model: golden.model)
    let sizes = { (tokens: Int, prompts: Int) in
      task.batches(Transformer.BatchLimit(tokens: tokens, prompts: prompts)).map(\.promptCount)
    }
    #expect(sizes(5, .max) == [2, 1, 2, 1] && sizes(6, .max) == [2, 2, 2])
    #expect(sizes(100, 4) == [4, 2] && sizes(100, 3) == [3, 3] && sizes(100, 1).count == 6)
    #expect(sizes(1, .max) == [1, 1, 1, 1, 1, 1])
  }

  private func tensors(_ writes: CompactWrites) -> [Tensor] {
    [writes.input] + writes.heads + writes.mlps
  }

  @Test func `names are read back`() {
    #expect(Ablation.allCases.count == 8)
    for ablation in Ablation.allCases {
      #expect(Ablation(rawValue: ablation.rawValue) == ablation)
    }
    #expect(
      Ablation.mean().rawValue == "mean" && Ablation.mean(over: .both).rawValue == "mean-both")
    #expect(Ablation(rawValue: "mean-corrupted") == nil)
  }

  @Test func `positions are read and found`() throws {
    let pair = PromptPair(
      clean: [1, 2, 3, 4], corrupted: [1, 9, 3, 8], answers: [], wrongAnswers: [])
    let short = PromptPair(clean: [5], corrupted: [5], answers: [], wrongAnswers: [])
    let batch = PairBatch([pair, short])
    let graph = ComputationGraph(layerCount: 1, headCount: 1, dModel: 1)
    let expected: [String: [Int32]] = [
      "all": [], "last": [0, 1, 2], "changed": [0, 2, 4], "0": [1, 2, 3],
      "1-2,-1": [0], "2-2": [0, 1, 3, 4], "-4,changed": [2, 4], "9": [0, 1, 2, 3, 4],
    ]
    for (text, intact) in expected.sorted(by: { $0.key < $1.key }) {
      let positions = try #require(AblatedPositions(text))
      let mask = EdgeMask(0, graph: graph)
      let masks = positions.masks([mask], in: batch)
      let one = RunMasks(mask, tokenCount: 5)
      let segments = (0..<5 as Range<Int32>).map { intact.contains($0) ? 1 : 0 }
      #expect(
        masks
          == (text == "all"
            ? one : RunMasks([mask, EdgeMask(1, graph: graph)], segments: segments)),
        "\(text)")
      #expect(positions.description == text)
      // Where each prompt has a mask of its own, intact tokens are the same.
      let (own, whole) = (EdgeMask(0.5, graph: graph), EdgeMask(1, graph: graph))
      let several = positions.masks([mask, own], in: batch)
      let places = segments.enumerated().map { $1 == 1 ? 2 : $0 < 4 ? 0 : 1 }
      #expect(
        several
          == RunMasks(
            text == "all" ? [mask, own] : [mask, own, whole],
            segments: text == "all" ? [0, 0, 0, 0, 1] : places), "\(text)")
    }
    for text in ["", "odd", "3-1", "1,,2", "1--2", "2-", "-"] {
      #expect(AblatedPositions(text) == nil, "\(text)")
    }
  }
}
