import Foundation
import Tensors
import TestSupport
import Testing

/// Every kernel against its naive twin and every backward against finite differences.
@Suite struct KernelTests {
  static let norms = [
    Normalization(
      scale: .random([37], seed: 1), bias: .random([37], seed: 2), epsilon: 1e-5, kind: .layer),
    Normalization(scale: .random([37], seed: 1), bias: nil, epsilon: 1e-6, kind: .rootMeanSquare),
  ]

  @Test(arguments: norms) func `norm`(norm: Normalization) {
    let x = Tensor.random([11, 37], seed: 3)
    let forward = norm.forward(x)
    expectClose(forward.output, Naive.norm(x, norm), relative: 1e-5)
    let dy = Tensor.random([11, 37], seed: 4)
    let dx = norm.backward(dy, x: x, statistics: forward.statistics)
    expectGradient(dx, of: { norm.forward($0).output }, at: x, dy: dy, "x")

    var gradient = Normalization(
      scale: Tensor(zeros: [37]), bias: norm.bias.map { _ in Tensor(zeros: [37]) },
      epsilon: norm.epsilon, kind: norm.kind)
    norm.addParameterGradients(dy, x: x, statistics: forward.statistics, to: &gradient)
    expectGradient(
      gradient.scale,
      of: { scale in
        var changed = norm
        changed.scale = scale
        return changed.forward(x).output
      }, at: norm.scale, dy: dy, "scale")
    guard let bias = norm.bias, let dbias = gradient.bias else { return }
    expectGradient(
      dbias,
      of: { bias in
        var changed = norm
        changed.bias = bias
        return changed.forward(x).output
      }, at: bias, dy: dy, "bias")
  }

  @Test func `norm backward of several gradients for each row`() {
    let norm = Self.norms[0]
    let x = Tensor.random([5, 37], seed: 5)
    let statistics = norm.forward(x).statistics
    let dy = Tensor.random([3, 5, 37], seed: 6)
    let together = norm.backward(dy, x: x, statistics: statistics)
    for block in 0..<3 {
      let alone = norm.backward(dy.slice(block: block), x: x, statistics: statistics)
      #expect(together.slice(block: block) == alone)
    }
  }

  @Test(arguments: Activation.allCases) func `activation`(kind: Activation) {
    var x = Tensor.random([2000], seed: 7)
    x.scale(by: 12)
    let expected = x.values().map { Float(Naive.activate(Double($0), kind)) }
    let found = kind.forward(x)
    for (found, expected) in zip(found.values(), expected) {
      #expect(abs(found - expected) <= 1e-6 * max(1, abs(expected)))
    }
    // Away from corners, where there is no derivative.
    let near = Tensor(
      x.values().map { $0 / 4 + ($0 > 0 ? 0.1 : -0.1) }.map {
        abs(abs($0) - 1) < 0.05 ? $0 * 1.2 : $0
      }, shape: [2000])
    let dy = Tensor.random([2000], seed: 8)
    expectGradient(kind.backward(dy, x: near), of: kind.forward, at: near, dy: dy)
  }

  @Test(arguments: Activation.allCases) func `gated product`(kind: Activation) {
    let gate = Tensor(
      Tensor.random([7, 33], seed: 9).values().map { 0.8 * $0 + ($0 > 0 ? 0.1 : -0.1) },
      shape: [7, 33])
    let up = Tensor.random([7, 33], seed: 10)
    let expected = zip(gate.values(), up.values()).map {
      Float(Naive.activate(Double($0), kind) * Double($1))
    }
    expectClose(kind.gated(gate, up), Tensor(expected, shape: [7, 33]), relative: 1e-5)
    let dy = Tensor.random([7, 33], seed: 11)
    let gradients = kind.gatedBackward(dy, gate: gate, up: up)
    expectGradient(gradients.gate, of: { kind.gated($0, up) }, at: gate, dy: dy, "gate")
    expectGradient(gradients.up, of: { kind.gated(gate, $0) }, at: up, dy: dy, "up")
  }

  @Test func `softmax, whole, causal and padded`() {
    let x = Tensor.random([6, 6], seed: 12)
    for valid in [[6, 6, 6, 6, 6, 6], [1, 2, 3, 4, 5, 6], [4, 4, 4, 2, 2, 2]] as [[Int32]] {
      expectClose(x.softmax(valid: valid), Naive.softmax(x, valid: valid), relative: 1e-6)
      let dy = Tensor.random([6, 6], seed: 13)
      let dx = x.softmax(valid: valid).softmaxBackward(dy)
      expectGradient(dx, of: { $0.softmax(valid: valid) }, at: x, dy: dy)
    }
  }

  @Test func `softmax of large numbers stays finite`() {
    let x = Tensor([1e4, 0, -1e4], shape: [1, 3])
    #expect(x.softmax().values() == [1, 0, 0])
    #expect(x.logSoftmax().values() == [0, -1e4, -2e4])
  }

  @Test func `log-softmax, cross-entropy and KL`() {
    let x = Tensor.random([4, 2500], seed: 14)
    let whole = [Int32](repeating: 2500, count: 4)
    let probabilities = Naive.softmax(x, valid: whole)
    let logs = Tensor(probabilities.values().map { Float(log(Double($0))) }, shape: x.shape)
    expectClose(x.logSoftmax(), logs, relative: 1e-6)

    let targets: [Int32] = [0, 17, 2499, 3]
    let entropy = x.crossEntropy(targets: targets)
    for (row, target) in targets.enumerated() {
      #expect(abs(entropy.losses[row] + Double(logs[row, Int(target)])) < 1e-5)
    }
    let one = Tensor([Float](repeating: 1, count: 4), shape: [4, 1])
    let losses = { (losses: [Double]) in Tensor(losses.map(Float.init), shape: [4, 1]) }
    expectGradient(
      entropy.gradient, of: { losses($0.crossEntropy(targets: targets).losses) }, at: x, dy: one,
      step: 0.2)
  }

  @Test(arguments: Tensor.Divergence.allCases)
  func `divergences of distributions`(kind: Tensor.Divergence) {
    let x = Tensor.random([4, 2500], seed: 14)
    let reference = Tensor.random([4, 2500], seed: 15).logSoftmax()
    let found = x.divergence(kind, fromLogProbabilities: reference)
    let one = Tensor([Float](repeating: 1, count: 4), shape: [4, 1])
    for row in 0..<4 {
      let expected = Naive.divergence(
        kind, Array(x.logSoftmax().row(row)), from: Array(reference.row(row)))
      #expect(abs(found.losses[row] - expected) < 1e-5)
    }
    expectGradient(
      found.gradient,
      of: {
        Tensor(
          $0.divergence(kind, fromLogProbabilities: reference).losses.map(Float.init),
          shape: [4, 1])
      }, at: x, dy: one, step: 0.2)
    let itself = reference.divergence(kind, fromLogProbabilities: reference)
    #expect(itself.losses.allSatisfy { abs($0) < 1e-6 })
    // Certain and impossible tokens give numbers all the same.
    let extreme = Tensor([0, -200, -200, 0, 200, -200], shape: [2, 3])
    let opposite = Tensor([-200, 0, -200, -200, -200, 0], shape: [2, 3]).logSoftmax()
    let far = extreme.divergence(kind, fromLogProbabilities: opposite)
    #expect(far.losses.allSatisfy(\.isFinite) && far.gradient.values().allSatisfy(\.isFinite))
  }

  @Test func `the order inside of rows`() {
    let x = Tensor([1, 3, 3, 0, /**/ -1, -2, -3, -4], shape: [2, 4])
    #expect(x.rowArgmax() == [1, 0])
    #expect(x.rank(ofBest: [2], row: 0) == 2 && x.rank(ofBest: [3, 0], row: 0) == 3)
    #expect(x.rank(ofBest: [3], row: 1) == 4)
  }

  @Test func `rotary`() {
    let frequencies = [1.0, 0.3, 0.01]
    let rotary = Rotary(frequencies: frequencies, positionCount: 9)
    let positions: [Int32] = [0, 1, 2, 8, 3]
    // Three pairs of heads of ten: four elements of each head are left alone.
    let x = Tensor.random([5, 20], seed: 16)
    let turned = { (x: Tensor) in
      var copy = x
      rotary.rotate(&copy, positions: positions, headCount: 2)
      return copy
    }
    expectClose(
      turned(x),
      Naive.rotary(
        x, frequencies: frequencies, positions: positions, headCount: 2), relative: 1e-6)
    var back = turned(x)
    rotary.rotate(&back, positions: positions, headCount: 2, inverse: true)
    expectClose(back, x, relative: 1e-6)
    let dy = Tensor.random([5, 20], seed: 17)
    var dx = dy
    rotary.rotate(&dx, positions: positions, headCount: 2, inverse: true)
    expectGradient(dx, of: turned, at: x, dy: dy)
  }

  @Test(arguments: [4, 2, 1], [true, false])
  func `attention`(keyValueHeads: Int, isCausal: Bool) {
    let attention = PromptAttention(
      starts: [0, 1, 6, 9], headCount: 4, keyValueHeadCount: keyValueHeads, scale: 0.6,
      isCausal: isCausal)
    let q = Tensor.random([9, 20], seed: 18)
    let k = Tensor.random([9, 5 * keyValueHeads], seed: 19)
    let v = Tensor.random([9, 5 * keyValueHeads], seed: 20)
    expectClose(
      attention.forward(q: q, k: k, v: v), Naive.attention(attention, q: q, k: k, v: v),
      relative: 1e-5)
    let dz = Tensor.random([9, 20], seed: 21)
    let gradients = attention.backward(dz, q: q, k: k, v: v)
    let shared = { (gradient: Tensor) in
      gradient.groupSums(groups: keyValueHeads, group: 4 / keyValueHeads, width: 5)
    }
    expectGradient(
      gradients.q, of: { attention.forward(q: $0, k: k, v: v) }, at: q, dy: dz, "q")
    expectGradient(
      shared(gradients.k), of: { attention.forward(q: q, k: $0, v: v) }, at: k, dy: dz, "k")
    expectGradient(
      shared(gradients.v), of: { attention.forward(q: q, k: k, v: $0) }, at: v, dy: dz, "v")
  }

  @Test(arguments: [1, 2, 4, 9], [nil, 0.4, 3] as [Float?])
  func `attention through a window, of capped scores`(window: Int, cap: Float?) {
    let attention = PromptAttention(
      starts: [0, 1, 6, 9], headCount: 4, keyValueHeadCount: 2, scale: 0.6, window: window, cap: cap
    )
    let q = Tensor.random([9, 20], seed: 18)
    let (k, v) = (Tensor.random([9, 10], seed: 19), Tensor.random([9, 10], seed: 20))
    expectClose(
      attention.forward(q: q, k: k, v: v), Naive.attention(attention, q: q, k: k, v: v),
      relative: 1e-5)
    let dz = Tensor.random([9, 20], seed: 21)
    let gradients = attention.backward(dz, q: q, k: k, v: v)
    let shared = { (gradient: Tensor) in gradient.groupSums(groups: 2, group: 2, width: 5) }
    expectGradient(
      gradients.q, of: { attention.forward(q: $0, k: k, v: v) }, at: q, dy: dz, "q")
    expectGradient(
      shared(gradients.k), of: { attention.forward(q: q, k: $0, v: v) }, at: k, dy: dz, "k")
    expectGradient(
      shared(gradients.v), of: { attention.forward(q: q, k: k, v: $0) }, at: v, dy: dz, "v")
  }

  /// Keys and values before a prompt's own tokens are known, and its first tokens have no queries.
  @Test(arguments: [true, false], [nil, 2] as [Int?])
  func `attention of some tokens is that of all`(isCausal: Bool, window: Int?) {
    let window = isCausal ? window : nil
    let all = PromptAttention(
      starts: [0, 1, 6, 9], headCount: 4, keyValueHeadCount: 2, scale: 0.6, isCausal: isCausal,
      window: window)
    let some = PromptAttention(
      starts: [0, 1, 4, 6], queryStarts: [0, 1, 2, 4], keyStarts: all.starts, headCount: 4,
      keyValueHeadCount: 2, scale: 0.6, isCausal: isCausal, window: window)
    let (owned, queries): ([Int32], [Int32]) = ([0, 3, 4, 5, 7, 8], [0, 5, 7, 8])
    let q = Tensor.random([9, 20], seed: 24)
    let (k, v) = (Tensor.random([9, 10], seed: 25), Tensor.random([9, 10], seed: 26))
    let own = q.gatherRows(queries)
    #expect(some.forward(q: own, k: k, v: v) == all.forward(q: q, k: k, v: v).gatherRows(queries))
    let dz = Tensor.random([4, 20], seed: 27)
    var dall = Tensor(zeros: [9, 20])
    dall.replaceRows(queries, with: dz)
    let expected = all.backward(dall, q: q, k: k, v: v)
    let gradients = some.backward(dz, q: own, k: k, v: v)
    #expect(gradients.q == expected.q.gatherRows(queries))
    #expect(gradients.k == expected.k.gatherRows(owned))
    #expect(gradients.v == expected.v.gatherRows(owned))
  }

  /// Prompts of several blocks of queries and panels of keys, in heads of one block of columns or more.
  @Test(
    arguments: [nil, 3, 20, 37] as [Int?],
    [(true, nil, 16), (true, 0.7, 20), (false, nil, 32)]
      as [(Bool, Float?, Int)])
  func `attention of long prompts`(window: Int?, kind: (isCausal: Bool, cap: Float?, width: Int)) {
    let (isCausal, cap, width) = kind
    let window = isCausal ? window : nil
    let starts: [Int32] = [0, 70, 71, 90]
    let whole = PromptAttention(
      starts: starts, headCount: 2, keyValueHeadCount: 1, scale: 0.3, isCausal: isCausal,
      window: window, cap: cap)
    let q = Tensor.random([90, 2 * width], seed: 31)
    let (k, v) = (Tensor.random([90, width], seed: 32), Tensor.random([90, width], seed: 33))
    let z = whole.forward(q: q, k: k, v: v)
    expectClose(z, Naive.attention(whole, q: q, k: k, v: v), relative: 1e-5)
    let dz = Tensor.random([90, 2 * width], seed: 34)
    let gradients = whole.backward(dz, q: q, k: k, v: v)
    let shared = { (gradient: Tensor) in gradient.groupSums(groups: 1, group: 2, width: width) }
    expectGradient(gradients.q, of: { whole.forward(q: $0, k: k, v: v) }, at: q, dy: dz, "q")
    expectGradient(
      shared(gradients.k), of: { whole.forward(q: q, k: $0, v: v) }, at: k, dy: dz, "k")
    expectGradient(
      shared(gradients.v), of: { whole.forward(q: q, k: k, v: $0) }, at: v, dy: dz, "v")

    // The last tokens of each prompt alone, the others' keys and values known.
    let ends = Array(30..<70) + [70] + Array(80..<90).map(Int32.init)
    let some = PromptAttention(
      starts: [0, 40, 41, 51], keyStarts: starts, headCount: 2, keyValueHeadCount: 1, scale: 0.3,
      isCausal: isCausal, window: window, cap: cap)
    let own = q.gatherRows(ends)
    expectClose(some.forward(q: own, k: k, v: v), z.gatherRows(ends), relative: 1e-5)
    var dends = Tensor(zeros: [90, 2 * width])
    dends.replaceRows(ends, with: dz.gatherRows(ends))
    let expected = whole.backward(dends, q: q, k: k, v: v)
    let found = some.backward(dz.gatherRows(ends), q: own, k: k, v: v)
    for (name, found, expected) in [
      ("q", found.q, expected.q), ("k", found.k, expected.k), ("v", found.v, expected.v),
    ] {
      expectClose(found, expected.gatherRows(ends), relative: 1e-5, name)
    }
  }

  @Test(arguments: [1, 7, 8, 29]) func `distances of rows`(columns: Int) {
    let (x, y) = (Tensor.random([12, columns], seed: 61), Tensor.random([4, columns], seed: 62))
    expectClose(
      x.rowDistances(to: y),
      (0..<12).map { row in
        (0..<columns).reduce(0) { $0 + abs(Double(x[row, $1]) - Double(y[row % 4, $1])) }
      }, relative: 1e-6)
  }

  @Test func `scalings of columns and by deviations, and projections`() {
    let (x, y) = (Tensor.random([5, 7], seed: 28), Tensor.random([5, 7], seed: 29))
    let row = Tensor.random([7], seed: 30)
    let at = { (tensor: Tensor, r: Int, c: Int) in Double(tensor[r, c]) }
    let every = { (value: (Int, Int) -> Double) in
      (0..<5).flatMap { r in (0..<7).map { value(r, $0) } }
    }
    var columns = x
    columns.scale(columnsBy: row, rows: 1..<4)
    expectClose(
      columns.values().map(Double.init),
      every { r, c in at(x, r, c) * ((1..<4).contains(r) ? Double(row[c]) : 1) }, relative: 1e-6)
    let statistics = Normalization(
      scale: row, bias: nil, epsilon: 1e-3, kind: .rootMeanSquare
    ).forward(y).statistics
    var rows = x
    rows.scale(byDeviations: statistics)
    expectClose(
      rows.values().map(Double.init),
      every { r, c in
        let square = (0..<7).map { at(y, r, $0) * at(y, r, $0) }.reduce(0, +) / 7
        return at(x, r, c) / (square + 1e-3).squareRoot()
      }, relative: 1e-5)
    let direction = Tensor.random([5, 3], seed: 31)
    var sum = Tensor.random([5, 3], seed: 32)
    let before = sum
    sum.addProjections(on: direction, x, y, scale: -0.5)
    let expected = (0..<5).flatMap { r in
      (0..<3).map { c in
        at(before, r, c) - 0.5 * at(direction, r, c)
          * (0..<7).map { at(x, r, $0) * at(y, r, $0) }.reduce(0, +)
      }
    }
    expectClose(sum.values().map(Double.init), expected, relative: 1e-5)
    expectClose(
      x.columnProducts(y).values().map(Double.init),
      (0..<7).map { c in (0..<5).map { at(x, $0, c) * at(y, $0, c) }.reduce(0, +) },
      relative: 1e-5)
  }

  @Test(arguments: [Bound.soft(1.5), .hard(0.4)]) func `bounds`(bound: Bound) {
    let x = Tensor(Tensor.random([60], seed: 33).values().map { 3 * $0 }, shape: [60])
    let limit = Double(bound.limit)
    let isSoft = bound == .soft(1.5)
    let expected = x.values().map { x in
      isSoft ? limit * tanh(Double(x) / limit) : min(max(Double(x), -limit), limit)
    }
    expectClose(bound.forward(x).values().map(Double.init), expected, relative: 1e-6)
    let dy = Tensor.random([60], seed: 34)
    let secants = zip(zip(expected, x.values()), dy.values()).map {
      $0.0 / Double($0.1) * Double($1)
    }
    expectClose(
      bound.backward(dy, x: x, slope: .secant).values().map(Double.init), secants, relative: 1e-5)
    guard isSoft else { return }
    expectGradient(
      bound.backward(dy, x: x, slope: .tangent), of: bound.forward, at: x, dy: dy)
  }

  @Test func `gather and scatter are each other's transpose`() {
    let table = Tensor.random([7, 5], seed: 22)
    let indices: [Int32] = [6, 0, 0, 3, 6]
    let rows = table.gatherRows(indices)
    for (row, index) in indices.enumerated() {
      #expect(rows.row(row).elementsEqual(table.row(Int(index))))
    }
    let dy = Tensor.random([5, 5], seed: 23)
    var gradient = Tensor(zeros: [7, 5])
    gradient.scatterAdd(dy, to: indices)
    expectGradient(gradient, of: { $0.gatherRows(indices) }, at: table, dy: dy)
  }
}
