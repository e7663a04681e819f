import Engine
import Models
import Tasks
import Tensors
import TestSupport
import Testing

/// Metrics of ties, of unequal numbers of answers and of several rows, and what a task may hold.
@Suite struct MetricBoundsTests {
  private func values(_ metric: some Metric, _ logits: [Float], _ pair: PromptPair) -> [Double] {
    metric.values(
      MetricInput(logits: Tensor(logits, shape: [1, logits.count]), batch: PairBatch([pair])))
  }

  private func pair(_ answers: [Int32], _ wrong: [Int32]) -> PromptPair {
    PromptPair(clean: [0], corrupted: [1], answers: answers, wrongAnswers: wrong)
  }

  @Test func `right and wrong answers are averaged each by their own number`() {
    #expect(values(LogitDifference(), [4, 1, 2, 9], pair([0], [1, 2])) == [2.5])
    #expect(values(LogitDifference(), [4, 1, 2, 9], pair([1, 2], [0])) == [-2.5])
  }

  @Test func `a tie is no right answer`() {
    #expect(values(Accuracy(), [2, 2, 1], pair([0], [1])) == [0])
    #expect(values(Accuracy(), [2, 1, 1], pair([0], [1, 2])) == [1])
    #expect(values(AnswerRank(), [2, 2, 1], pair([0], [1])) == [-2])
  }

  @Test func `an impossible answer beside a certain one changes nothing`() {
    let likelihood = values(LogLikelihood(), [0, -2000, -3000], pair([0, 1], []))
    #expect(likelihood == [0])
  }

  @Test func `a prompt's rows are averaged, and so is its gradient`() {
    let batch = PairBatch([
      PromptPair(
        clean: [0, 1, 2], corrupted: [0, 1, 2], answers: [0], wrongAnswers: [2],
        positions: [0, 1, 2]),
      PromptPair(clean: [3], corrupted: [3], answers: [1], wrongAnswers: [0]),
    ])
    let logits = Tensor.random([4, 3], seed: 1)
    for metric in [LogitDifference(), ProbabilityDifference(), LogLikelihood()]
      as [any DifferentiableMetric]
    {
      let measured = metric.measure(logits, of: batch)
      let rows = metric.evaluate(MetricInput(logits: logits, batch: batch)).values
      expectClose(
        measured.values, [(rows[0] + rows[1] + rows[2]) / 3, rows[3]], relative: 1e-12)
      expectClose(
        metric.values(ofRuns: logits, of: batch)[0], measured.values, relative: 1e-12)
      expectGradient(
        measured.gradient,
        of: { Tensor(metric.measure($0, of: batch).values.map { Float($0) }, shape: [2, 1]) },
        at: logits, dy: Tensor([1, 1], shape: [2, 1]), metric.name)
    }
  }

  @Test func `a task allows the metrics whose answers every pair has`() throws {
    let task = { (pairs: [PromptPair]) in
      try CircuitTask(name: "t", pairs: pairs, metric: Divergence.kl, model: .bundled())
    }
    let (both, right, wrong) = (pair([2], [3]), pair([2], []), pair([], [3]))
    let cases: [([PromptPair], difference: Bool, likelihood: Bool)] = [
      ([both], true, true), ([both, right], false, true), ([both, wrong], false, false),
    ]
    for (pairs, difference, likelihood) in cases {
      let task = try task(pairs)
      #expect(task.allows(LogitDifference()) == difference)
      #expect(task.allows(LogLikelihood()) == likelihood && task.allows(Divergence.kl))
    }
  }

  /// Compiled programs have other outputs than tokens.
  @Test func `answers are of the model's outputs, prompts of its tokens`() throws {
    let bundled = Transformer.bundled()
    for (count, answer, isKnown) in [(10, 9, true), (10, 10, false), (40, 39, true)] {
      var configuration = bundled.configuration
      configuration.outputCount = count
      let model = Transformer(
        name: "outputs", configuration: configuration, weights: bundled.weights)
      let make = {
        try CircuitTask(
          name: "t", pairs: [pair([Int32(answer)], [0])], metric: LogitDifference(), model: model)
      }
      if isKnown {
        #expect(try make().pairs.count == 1)
      } else {
        #expect(
          throws: TaskError.unknownToken(Int32(answer), pair: 1, vocabularySize: count)
        ) { try make() }
      }
    }
  }

  @Test func `names that are near are offered, two letters swapped among them`() {
    #expect(["eap", "acdc"].sentence(kind: "method", missing: "epa").contains("did you mean eap?"))
    #expect(["acdc", "sp"].sentence(kind: "method", missing: "cadc").contains("mean acdc?"))
    #expect(!["ioi", "sva"].sentence(kind: "task", missing: "odd").contains("did you mean"))
    #expect(!["acdc"].sentence(kind: "method", missing: "abxy").contains("did you mean"))
  }
}
