import Foundation
import Tensors
import TestSupport
import Testing

/// Backward passes that are not those of the forward.
@Suite struct BackwardRuleTests {
  @Test(arguments: KernelTests.norms)
  func `a held deviation is a constant of the forward`(norm: Normalization) {
    let x = Tensor.random([11, 37], seed: 3)
    let dy = Tensor.random([11, 37], seed: 4)
    let statistics = norm.forward(x).statistics
    let dx = norm.holdingDeviation(true).backward(dy, x: x, statistics: statistics)
    let forward = { (x: Tensor) in
      var index = -1
      return Naive.rows(x) { row in
        index += 1
        let mean = norm.kind == .layer ? row.reduce(0, +) / Double(row.count) : 0
        let inverse = Double(statistics[index, 1])
        return row.indices.map { (row[$0] - mean) * inverse * Double(norm.scale[$0]) }
      }
    }
    expectGradient(dx, of: forward, at: x, dy: dy)
  }

  @Test(arguments: Activation.allCases) func `a secant goes through the origin`(kind: Activation) {
    let x = Tensor([-3, -0.4, 1e-3, 0.7, 5, 0, 1e-7, -1e-7], shape: [8])
    let (up, dy) = (Tensor.random([8], seed: 5), Tensor.random([8], seed: 6))
    let slopes = x.values().map { x in
      abs(x) < 1e-6 ? 1 : Naive.activate(Double(x), kind) / Double(x)
    }
    let expected = zip(dy.values(), slopes).map { Double($0) * $1 }
    let plain = kind.backward(dy, x: x, slope: .secant)
    expectClose(plain.values().map(Double.init), expected, relative: 1e-5)
    let gated = kind.gatedBackward(dy, gate: x, up: up, slope: .secant)
    expectClose(
      gated.gate.values().map(Double.init), zip(expected, up.values()).map { $0 * Double($1) },
      relative: 1e-5)
    #expect(gated.up == kind.gatedBackward(dy, gate: x, up: up).up)
  }

  private let attention = PromptAttention(
    starts: [0, 1, 6, 9], headCount: 4, keyValueHeadCount: 2, scale: 0.6)
  private let q = Tensor.random([9, 20], seed: 18)
  private let k = Tensor.random([9, 10], seed: 19)
  private let v = Tensor.random([9, 10], seed: 20)
  private let dz = Tensor.random([9, 20], seed: 21)

  @Test func `constant patterns pass nothing to scores`() {
    let exact = attention.backward(dz, q: q, k: k, v: v)
    let held = attention.backward(dz, q: q, k: k, v: v, rule: .constant)
    #expect(held.v == exact.v)
    #expect((held.q.values() + held.k.values()).allSatisfy { $0 == 0 })
  }

  /// With scores divided by T in the forward, too, the gradient has a factor 1/T.
  @Test(arguments: [1, 2, 5] as [Float]) func `softened patterns`(temperature: Float) {
    let soft = PromptAttention(
      starts: attention.starts, headCount: 4, keyValueHeadCount: 2,
      scale: attention.scale / temperature)
    var expected = soft.backward(dz, q: q, k: k, v: v)
    expected.q.scale(by: temperature)
    expected.k.scale(by: temperature)
    let found = attention.backward(
      dz, q: q, k: k, v: v, rule: .softened(temperature: temperature))
    expectClose(found.q, expected.q, relative: 1e-5)
    expectClose(found.k, expected.k, relative: 1e-5)
    #expect(found.v == attention.backward(dz, q: q, k: k, v: v).v)
  }

  /// What arrives at a query's output is shared out by the pattern: ⟨q, dq⟩ = ⟨z, dz⟩, and ⟨k, dk⟩ is its share.
  @Test func `relevance is conserved`() {
    let found = attention.backward(dz, q: q, k: k, v: v, rule: .relevance)
    let exact = attention.backward(dz, q: q, k: k, v: v)
    #expect(found.v == exact.v)
    let heads = { (x: Tensor, y: Tensor) in x.reshaped([36, 5]).rowProducts(y.reshaped([36, 5])) }
    let arriving = heads(attention.forward(q: q, k: k, v: v), dz)
    expectClose(heads(q, found.q), arriving, relative: 1e-4)
    // The gradient at values shares out what each query has in the first element of its own.
    let marked = Tensor(arriving.flatMap { [Float($0), 0, 0, 0, 0] }, shape: [9, 20])
    let shares = attention.backward(marked, q: q, k: k, v: v).v.reshaped([36, 5])
    expectClose(
      heads(k.gatherColumnBlocks([0, 0, 1, 1], width: 5), found.k),
      (0..<36).map { Double(shares[$0, 0]) }, relative: 1e-4)
  }

  @Test func `scores of zero get no relevance`() {
    let found = attention.backward(
      dz, q: Tensor(zeros: [9, 20]), k: k, v: v, rule: .relevance)
    #expect((found.q.values() + found.k.values()).allSatisfy { $0 == 0 })
  }

  /// Whatever the rule, the queries of a prompt together pass back what they do a few at a time.
  @Test(arguments: [PatternRule.exact, .constant, .softened(temperature: 2), .relevance])
  func `rules over several blocks`(rule: PatternRule) {
    let attention = { (end: Int32, queries: Int32) in
      PromptAttention(
        starts: [0, end], queryStarts: [0, queries], keyStarts: [0, end], headCount: 1,
        keyValueHeadCount: 1, scale: 0.4, cap: 0.9)
    }
    let tensor = { (seed: UInt64) in Tensor.random([60, 16], seed: seed) }
    let (q, k, v, dz) = (tensor(51), tensor(52), tensor(53), tensor(54))
    let together = attention(60, 60).backward(dz, q: q, k: k, v: v, rule: rule)
    var (dq, dk, dv) = (
      Tensor(zeros: [60, 16]), Tensor(zeros: [60, 16]), Tensor(zeros: [60, 16])
    )
    for end in stride(from: Int32(3), through: 60, by: 3) {
      let (seen, queries) = (Array(0..<end), Array((end - 3)..<end))
      let some = attention(end, 3).backward(
        dz.gatherRows(queries), q: q.gatherRows(queries), k: k.gatherRows(seen),
        v: v.gatherRows(seen), rule: rule)
      dq.scatterAdd(some.q, to: queries)
      dk.scatterAdd(some.k, to: seen)
      dv.scatterAdd(some.v, to: seen)
    }
    expectClose(together.q, dq, relative: 1e-4, "q")
    expectClose(together.k, dk, relative: 1e-4, "k")
    expectClose(together.v, dv, relative: 1e-4, "v")
  }
}
