import Edgewise
import Foundation

extension DeviceCase {
  /// Every kernel of a device, by the operations that reach it.
  package static let kernels: [DeviceCase] =
    elements + rows + sums + layers + losses + attention + [relevance] + products

  private static let elements = [
    DeviceCase("sums and differences") { device in
      var x = random([7, 300], 1, on: device)
      x.add(random([7, 300], 2, on: device), scaledBy: -0.5)
      x.add(random([300], 3, on: device), at: 600)
      x.add(row: random([300], 4, on: device))
      x.subtract(tiled: random([1, 300], 5, on: device))
      x.scale(by: 1.5)
      x = x.scaledRows(by: (0..<7).map { Float($0) - 2 })
      return [x - random([7, 300], 6, on: device), x.transposed(), Tensor(stacking: [x, x])]
    },
    DeviceCase("columns, deviations and projections") { device in
      var (x, direction) = (random([7, 300], 1, on: device), random([7, 40], 2, on: device))
      let y = random([7, 300], 3, on: device)
      x.scale(columnsBy: random([300], 4, on: device), rows: 2..<6)
      let norm = Normalization(
        scale: random([300], 5, on: device), bias: nil, epsilon: 1e-5, kind: .rootMeanSquare)
      x.scale(byDeviations: norm.forward(y).statistics)
      direction.addProjections(on: random([7, 40], 6, on: device), x, y, scale: -0.25)
      return [x, direction, x.columnProducts(y)]
    },
    DeviceCase("numbers that are no numbers") { device in
      let x = random([2, 700], 7, on: device)
      let broken = { (value: Float) in
        var copy = x
        copy.add(Tensor([value], shape: [1], on: device), at: 1399)
        return copy.isFinite ? 1.0 : 0
      }
      return [x.isFinite ? 1 : 0, broken(.infinity), broken(.nan), broken(1)]
    },
  ]

  private static let rows = [
    DeviceCase("rows moved about") { device in
      let x = random([9, 33], 10, on: device)
      var table = random([5, 33], 11, on: device)
      table.scatterAdd(x, to: [0, 3, 3, 1, 0, 0, 4, 3, 1])
      var replaced = table
      replaced.replaceRows([4, 0], with: x.slice(2..<4))
      replaced.replaceColumnBlocks(
        [2, 0], width: 11, with: x.slice(0..<5).gatherColumnBlocks([1, 2], width: 11))
      return [
        x.gatherRows([8, 0, 0, 3]), x.gatherColumnBlocks([2, 1], width: 11), table, replaced,
        x.movedRows([5, 5, 1]), x.slice(3..<4).reshaped([33]).repeatedRow(4),
        Tensor(joining: [x, table]),
      ]
    },
    DeviceCase("rows with few entries") { device in
      let entries: [[(column: Int32, value: Float)]] = [
        [(3, 1), (3, -0.25), (39, 2)], [], [(0, 0.1), (0, 0.2), (0, 0.3), (7, 1)],
      ]
      return [Tensor(rowsWithEntries: entries, columnCount: 40, on: device)]
    },
  ]

  private static let sums = [
    DeviceCase("sums of rows and groups") { device in
      let x = random([11, 48], 20, on: device)
      return [x.rowSum(), x.groupSums(groups: 4, group: 3, width: 4)]
    },
    DeviceCase("sums in Float64") { device in
      let (x, y) = (random([6, 700], 21, on: device), random([6, 700], 22, on: device))
      var sums = Sums(count: 5000)
      for offset in [0, 800] { sums.add(x, at: offset) }
      return sums.values() + x.rowProducts(y)
    },
    DeviceCase("distances of rows") { device in
      random([6, 700], 31, on: device).rowDistances(to: random([2, 700], 32, on: device))
    },
    DeviceCase("weighted sums of tensors that lie anywhere") { device in
      let terms = (0..<5).map { random([12, 17], 23 + $0, on: device) }
      var generator = SeededGenerator(seed: 30)
      let factors = { (count: Int) in
        (0..<count).map { $0 % 4 == 0 ? 0 : Float.random(in: -1...1, using: &generator) }
      }
      let parts = [
        (rows: 0..<5, factors: factors(5 * 19)), (5..<6, factors(5 * 19)),
        (6..<12, factors(5 * 19)),
      ]
      return [
        Tensor.sums(base: random([12, 17], 29, on: device), terms: terms, parts: parts, count: 19)
      ]
    },
  ]

  private static let layers = [
    DeviceCase("norms") { device in
      [NormKind.layer, .rootMeanSquare].flatMap { kind in
        let norm = Normalization(
          scale: random([300], 40, on: device),
          bias: kind == .layer ? random([300], 41, on: device) : nil,
          epsilon: 1e-5, kind: kind)
        let (x, dy) = (random([5, 300], 42, on: device), random([3, 5, 300], 43, on: device))
        let forward = norm.forward(x)
        var gradient = norm
        norm.addParameterGradients(
          dy.slice(block: 1), x: x, statistics: forward.statistics, to: &gradient)
        var inPlace = dy
        norm.backward(inBlocks: 1..<3, of: &inPlace, x: x, statistics: forward.statistics)
        return [
          forward.output, forward.statistics,
          norm.backward(dy, x: x, statistics: forward.statistics),
          norm.holdingDeviation(true).backward(dy, x: x, statistics: forward.statistics),
          inPlace, gradient.scale, gradient.bias ?? gradient.scale,
        ]
      }
    },
    DeviceCase("activations") { device in
      var x = random([4, 500], 44, on: device)
      x.scale(by: 6)
      let (up, dy) = (random([4, 500], 45, on: device), random([4, 500], 46, on: device))
      return Activation.allCases.flatMap { kind in
        [kind.forward(x), kind.gated(x, up)]
          + [Activation.Slope.tangent, .secant].flatMap { slope in
            let gated = kind.gatedBackward(dy, gate: x, up: up, slope: slope)
            return [kind.backward(dy, x: x, slope: slope), gated.gate, gated.up]
          }
      }
    },
  ]

  private static let losses = [
    DeviceCase("softmax") { device in
      let (x, dy) = (random([6, 400], 50, on: device), random([6, 400], 51, on: device))
      let y = x.softmax(valid: [400, 1, 2, 399, 77, 256])
      return [y, y.softmaxBackward(dy), x.logSoftmax()]
    },
    DeviceCase("losses") { device in
      var x = random([6, 400], 52, on: device)
      x.scale(by: 4)
      let reference = random([6, 400], 53, on: device).logSoftmax()
      let crossEntropy = x.crossEntropy(targets: [0, 399, 5, 5, 100, 7])
      let divergences = Tensor.Divergence.allCases.map {
        x.divergence($0, fromLogProbabilities: reference)
      }
      let repeated = x.divergences(.kl, fromRepeated: reference.slice(0..<3))
      return ([crossEntropy] + divergences).flatMap {
        $0.losses + $0.gradient.values().map { 10 * Double($0) }
      } + repeated
    },
  ]

  private static let attention = [
    DeviceCase("rotation") { device in
      let angles = (0..<6).map { pow(10_000, -Double($0) / 6) }
      let rotary = Rotary(frequencies: angles, positionCount: 30, on: device)
      return [false, true].map { inverse in
        var x = random([5, 3 * 16], 60, on: device)
        rotary.rotate(&x, positions: [0, 7, 29, 3, 3], headCount: 3, inverse: inverse)
        return x
      }
    },
    attention(
      "attention of whole prompts",
      PromptAttention(
        starts: [0, 5, 6, 18], headCount: 6, keyValueHeadCount: 2, scale: 0.3)),
    attention(
      "attention that sees all",
      PromptAttention(
        starts: [0, 5, 6, 18], headCount: 4, keyValueHeadCount: 4, scale: 0.3, isCausal: false)),
    attention(
      "attention with known keys and few queries",
      PromptAttention(
        starts: [0, 5, 6, 18], queryStarts: [0, 2, 2, 14], keyStarts: [0, 9, 10, 25], headCount: 4,
        keyValueHeadCount: 2, scale: 0.3)),
    attention(
      "attention through a window, of capped scores",
      PromptAttention(
        starts: [0, 5, 6, 18], queryStarts: [0, 2, 2, 14], keyStarts: [0, 9, 10, 25], headCount: 4,
        keyValueHeadCount: 2, scale: 0.3, window: 4, cap: 0.7)),
    attention(
      "attention of a long prompt",
      PromptAttention(
        starts: [0, 900], queryStarts: [0, 40], headCount: 2, keyValueHeadCount: 1, scale: 0.3)),
  ]

  /// Scores that are small make what is divided by them large: queries and keys here have none such.
  private static let relevance = DeviceCase("attention that passes relevance") { device in
    let attention = PromptAttention(
      starts: [0, 5, 6, 18], queryStarts: [0, 2, 2, 14], keyStarts: [0, 9, 10, 25], headCount: 4,
      keyValueHeadCount: 2, scale: 0.3, window: 9, cap: 5)
    let positive = { (shape: [Int], seed: UInt64) in
      var x = random(shape, seed, on: device)
      x.add(
        row: Tensor(
          [Float](repeating: 1.5, count: x.columnCount), shape: [x.columnCount], on: device))
      return x
    }
    let gradients = attention.backward(
      random([14, 80], 64, on: device), q: positive([14, 80], 61), k: positive([25, 40], 62),
      v: random([25, 40], 63, on: device), rule: .relevance, slope: .secant)
    return [gradients.q, gradients.k, gradients.v]
  }

  private static func attention(_ name: String, _ attention: PromptAttention) -> DeviceCase {
    DeviceCase(name) { device in
      let width = 20
      let keys = [Int(attention.keyStarts.last ?? 0), attention.keyValueHeadCount * width]
      let queries = [Int(attention.queryStarts.last ?? 0), attention.headCount * width]
      let (q, k, v) = (
        random(queries, 61, on: device), random(keys, 62, on: device), random(keys, 63, on: device)
      )
      let rules: [PatternRule] = [.exact, .constant, .softened(temperature: 2)]
      return [attention.forward(q: q, k: k, v: v)]
        + rules.flatMap { rule in
          let gradients = attention.backward(
            random(queries, 64, on: device), q: q, k: k, v: v, rule: rule)
          return [gradients.q, gradients.k, gradients.v]
        }
    }
  }
}
