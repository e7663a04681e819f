import Tensors
import TestSupport
import Testing

/// Kernels where their usual inputs end, and what must be the same in every version.
@Suite struct KernelBoundsTests {
  @Test func `ReLU has no slope at zero`() {
    let one = Tensor([1, 1, 1], shape: [3])
    #expect(
      Activation.relu.backward(one, x: Tensor([-1, 0, 1], shape: [3])).values() == [0, 0, 1])
  }

  /// Mean 0 and variance ε, so the deviation is √(2 ε).
  @Test(arguments: [NormKind.layer, .rootMeanSquare])
  func `epsilon is added to the variance`(kind: NormKind) {
    let norm = Normalization(
      scale: Tensor([1, 1], shape: [2]), bias: nil, epsilon: 1e-4, kind: kind)
    let half = Float(0.5).squareRoot()
    expectClose(
      norm.forward(Tensor([0.01, -0.01], shape: [1, 2])).output,
      Tensor([half, -half], shape: [1, 2]), relative: 1e-5)
  }

  @Test func `infinities and what is no number are not finite`() {
    for odd in [Float.infinity, -.infinity, .nan, -.nan] {
      #expect(!Tensor([1, odd, 0], shape: [3]).isFinite, "\(odd)")
    }
    let extremes: [Float] = [.greatestFiniteMagnitude, -.leastNonzeroMagnitude, -0.0]
    #expect(Tensor(extremes, shape: [3]).isFinite)
  }

  @Test(arguments: Tensor.Divergence.allCases)
  func `the reference's rows repeat for each run`(kind: Tensor.Divergence) {
    let x = Tensor.random([6, 50], seed: 1)
    let reference = Tensor.random([3, 50], seed: 2).logSoftmax()
    let found = x.divergences(kind, fromRepeated: reference)
    for row in 0..<6 {
      let alone = x.slice(row..<(row + 1)).divergence(
        kind, fromLogProbabilities: reference.slice((row % 3)..<(row % 3 + 1)))
      #expect(found[row] == alone.losses[0])
    }
  }

  @Test func `entries of one place add up`() {
    let sparse = Tensor(rowsWithEntries: [[(1, 2), (1, 3)], []], columnCount: 3, on: .cpu)
    #expect(sparse.values() == [0, 5, 0, 0, 0, 0])
  }

  /// The published values of SplitMix64 for this seed: a seed means the same for ever.
  @Test func `random numbers are SplitMix64's`() {
    var generator = SeededGenerator(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in generator.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }
}
