import Foundation
import Models
import Tasks
import Tensors
import TestSupport
import Testing

@Suite struct MetricTests {
  private let batch = PairBatch([
    PromptPair(clean: [0], corrupted: [1], answers: [0], wrongAnswers: [2]),
    PromptPair(clean: [0], corrupted: [1], answers: [1, 3], wrongAnswers: [0, 2]),
  ])

  private func values(
    _ metric: some Metric, _ logits: Tensor, _ reference: Tensor? = nil
  ) -> [Double] {
    metric.values(
      MetricInput(logits: logits, batch: batch, reference: ReferenceLogits(reference ?? logits)))
  }

  @Test func `values worked by hand`() {
    let logits = Tensor([1, 0, 3, 0, /**/ 0, 2, 0, 4].map { Float($0) }, shape: [2, 4])
    #expect(values(LogitDifference(), logits) == [-2, 3])
    #expect(values(Accuracy(), logits) == [0, 1])
    let first = [1.0, 0, 3, 0].map { exp($0) }
    let second = [0.0, 2, 0, 4].map { exp($0) }
    expectClose(
      values(ProbabilityDifference(), logits),
      [
        (first[0] - first[2]) / first.reduce(0, +),
        (second[1] + second[3] - second[0] - second[2]) / second.reduce(0, +),
      ], relative: 1e-6)
    // KL of a uniform distribution from itself, and from one of probabilities 1/2, 1/6, 1/6, 1/6.
    let uniform = Tensor(zeros: [2, 4])
    let three = Float(1.0986123)  // log 3
    let skewed = Tensor([three, 0, 0, 0, three, 0, 0, 0], shape: [2, 4])
    #expect(values(Divergence.kl, uniform, uniform) == [0, 0])
    let expected = -(0.25 * log(0.25 / 0.5) + 0.75 * log(0.25 / (1 / 6.0)))
    expectClose(
      values(Divergence.kl, skewed, uniform), [expected, expected], relative: 1e-5)
  }

  @Test func `likelihood, match and rank worked by hand`() {
    let logits = Tensor([1, 0, 3, 0, /**/ 0, 2, 0, 4].map { Float($0) }, shape: [2, 4])
    let first = [1.0, 0, 3, 0].map { exp($0) }.reduce(0, +)
    let second = [0.0, 2, 0, 4].map { exp($0) }.reduce(0, +)
    expectClose(
      values(LogLikelihood(), logits),
      [log(exp(1) / first), log((exp(2) + exp(4)) / second)], relative: 1e-6)
    // The answers are 0, and 1 or 3.
    #expect(values(AnswerRank(), logits) == [-2, -1])
    let other = Tensor([0, 0, 1, 0, /**/ 0, 5, 0, 4].map { Float($0) }, shape: [2, 4])
    #expect(values(ExactMatch(), logits, other) == [1, 0])
    // Of two halves: KL is infinite in the limit, Jensen–Shannon log 2.
    let left = Tensor([60, 0, 0, 0, 60, 0, 0, 0], shape: [2, 4])
    let right = Tensor([0, 60, 0, 0, 60, 0, 0, 0], shape: [2, 4])
    expectClose(
      values(Divergence.jensenShannon, left, right), [-log(2), 0], relative: 1e-5)
    expectClose(values(Divergence.reverseKL, left, right), [-60, 0], relative: 1e-5)
  }

  @Test func `metrics that count have no gradient`() {
    #expect(
      Metrics.all.filter { !($0 is any DifferentiableMetric) }.map(\.name)
        == ["accuracy", "exact-match", "answer-rank"])
  }

  @Test func `the full model's probabilities are made once`() {
    let reference = ReferenceLogits(Tensor.random([2, 4], seed: 2))
    #expect(reference.logProbabilities == reference.logits.logSoftmax())
    #expect(reference.logProbabilities == reference.logProbabilities)
  }

  @Test(arguments: Metrics.all.compactMap { $0 as? any DifferentiableMetric })
  func `gradients equal finite differences`(metric: any DifferentiableMetric) {
    var logits = Tensor.random([2, 4], seed: 1)
    logits.scale(by: 3)
    let reference = Tensor.random([2, 4], seed: 2)
    let input = { (logits: Tensor) in
      MetricInput(logits: logits, batch: batch, reference: ReferenceLogits(reference))
    }
    expectGradient(
      metric.evaluate(input(logits)).gradient,
      of: { Tensor(metric.evaluate(input($0)).values.map { Float($0) }, shape: [2, 1]) },
      at: logits, dy: Tensor([1, 1], shape: [2, 1]), step: 0.02, metric.name)
    #expect(metric.values(input(logits)) == metric.evaluate(input(logits)).values)
  }

  @Test func `an unknown metric names the known ones`() {
    let error = #expect(throws: TaskError.self) { try Metrics.named("logits") }
    #expect(
      error?.description.contains("logit-difference, probability-difference, nll, kl, kl-reverse")
        ?? false)
  }
}
