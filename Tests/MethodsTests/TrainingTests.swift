import Foundation
import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// The parts of training a mask: what is drawn, how it is penalised, and how numbers move.
@Suite struct TrainingTests {
  private let concrete = HardConcrete()

  /// All ways to make masks of numbers.
  private static let parametrisations: [any MaskParametrisation] = [
    HardConcrete(), SigmoidMask(), SoftTopK(.uniform), SoftTopK(.log),
  ]

  private static func noise(_ count: Int, _ generator: inout SeededGenerator) -> [Double] {
    (0..<count).map { _ in Double.random(in: 0.01..<0.99, using: &generator) }
  }

  @Test(arguments: parametrisations.indices)
  func `the gradient of a mask is its derivative`(index: Int) {
    let parametrisation = Self.parametrisations[index]
    var generator = SeededGenerator(seed: 11)
    var inside = 0
    for _ in 0..<40 {
      let numbers = (0..<6).map { _ in Double.random(in: -3...3, using: &generator) }
      let weights = (0..<6).map { _ in Double.random(in: -1...1, using: &generator) }
      let noise = Self.noise(parametrisation.noiseCount(6), &generator)
      let loss = { (numbers: [Double]) in
        zip(parametrisation.mask(numbers, noise: noise).values, weights)
          .reduce(0) { $0 + $1.0 * $1.1 }
      }
      let draw = parametrisation.mask(numbers, noise: noise)
      #expect(draw.values.allSatisfy { $0 >= 0 && $0 <= 1 })
      let gradient = parametrisation.gradient([weights], of: [draw])
      for place in 0..<6 {
        var (more, less) = (numbers, numbers)
        more[place] += 1e-5
        less[place] -= 1e-5
        let difference = (loss(more) - loss(less)) / 2e-5
        #expect(abs(difference - gradient[place]) < 1e-6, "\(parametrisation)")
        if abs(difference) > 1e-3 { inside += 1 }
      }
    }
    #expect(inside > 40, "\(inside)")
  }

  /// α = 1 − clamp((u − p) / w + ½, 0, 1) has the slope 1 / w in p; what is taken is w times that, times w.
  @Test func `a uniform sample is 1, 0 or between as often as it should be`() {
    let uniform = UniformSample()
    var generator = SeededGenerator(seed: 12)
    for number in [-2.0, 0, 1] {
      let draws = (0..<4000).map { _ in
        uniform.mask([number], noise: [Double.random(in: 0..<1, using: &generator)])
      }
      let values = draws.map { $0.values[0] }
      let (chance, window) = uniform.presence(number)
      #expect(abs(values.reduce(0, +) / 4000 - chance) < 0.03)
      #expect(abs(Double(values.count { $0 > 0 && $0 < 1 }) / 4000 - window) < 0.03)
      #expect(
        draws.allSatisfy { ($0.slopes[0] == window) == ($0.values[0] > 0 && $0.values[0] < 1) })
      let share = Double(values.count { $0 > 0.001 && $0 < 0.999 }) / 4000
      let weights = uniform.weights(draws) ?? []
      #expect(weights.count == 1 && abs(weights[0] * share - 1) < 1e-9)
    }
    // No sample inside: nothing is divided by nothing.
    #expect(uniform.weights([uniform.mask([0], noise: [0.999])]) == [1])
  }

  /// α falls from 1 to 0 over the window around p, and is a half at p.
  @Test(arguments: [-2.0, 0, 1]) func `a uniform sample falls in a straight line`(number: Double) {
    let uniform = UniformSample()
    let (chance, window) = uniform.presence(number)
    for (place, value) in [(-0.6, 1), (-0.25, 0.75), (0, 0.5), (0.25, 0.25), (0.6, 0)] {
      let found = uniform.mask([number], noise: [chance + place * window]).values[0]
      #expect(abs(found - value) < 1e-12)
    }
    // One of three draws lies inside, so it counts for all three.
    let draws = [0.25, 0.6, -0.6].map {
      uniform.mask([number], noise: [chance + $0 * window])
    }
    let found = uniform.gradient([[2], [100], [100]], of: draws)
    #expect(abs(found[0] - 2 * window * 3) < 1e-12)
  }

  /// The mask is the sign of what the smooth one is of; its slope is that of the smooth one.
  @Test func `a straight-through mask is hard and has a smooth gradient`() {
    let hard = StraightThrough(temperature: 0.7)
    var generator = SeededGenerator(seed: 13)
    let numbers = (0..<200).map { _ in Double.random(in: -3...3, using: &generator) }
    let noise = Self.noise(200, &generator)
    let draw = hard.mask(numbers, noise: noise)
    let smooth = { (number: Double, uniform: Double) in
      1 / (1 + exp(-(number + log(uniform) - log(1 - uniform)) / 0.7))
    }
    for index in numbers.indices {
      #expect(draw.values[index] == (smooth(numbers[index], noise[index]) > 0.5 ? 1 : 0))
      let slope =
        (smooth(numbers[index] + 1e-5, noise[index]) - smooth(numbers[index] - 1e-5, noise[index]))
        / 2e-5
      #expect(abs(slope - draw.slopes[index]) < 1e-7)
    }
    #expect(draw.values.contains(0) && draw.values.contains(1))
  }

  @Test func `a soft top k sums to k, whatever the scores`() {
    var generator = SeededGenerator(seed: 14)
    for spread in [0, 1, 30, 1e4] {
      let numbers = (0..<50).map { _ in spread * Double.random(in: -1...1, using: &generator) }
      for sum in [1, 3.5, 25, 49.5] {
        let values = SoftTopK(.log).mask(numbers, sum: sum).values
        #expect(abs(values.reduce(0, +) - sum) < 1e-6, "\(spread), \(sum)")
      }
    }
    // Every edge is kept when as many are asked for as there are.
    let all = SoftTopK(.uniform).mask([1, 2, 3], sum: 3).values
    #expect(all.allSatisfy { $0 > 0.999 })
  }

  @Test(arguments: [(.uniform, 50.5), (.log, 10)] as [(MaskAttribution.Sizes, Double)])
  func `sizes are drawn from 1 to all`(sizes: MaskAttribution.Sizes, middle: Double) {
    let top = SoftTopK(sizes)
    let counts = stride(from: 0.0005, to: 1, by: 0.001).map { uniform in
      top.mask([Double](repeating: 0, count: 100), noise: [uniform]).values.reduce(0, +)
    }
    #expect(counts.allSatisfy { (0.999...100.001).contains($0) })
    #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 < $1 })
    #expect(abs(counts[500] - middle) < 0.1)
    #expect(counts[0] < 1.1 && counts[999] > 99.7)
  }

  @Test(arguments: [-3.0, -1, 0.5, 2]) func `presence is how often a draw is not 0`(number: Double)
  {
    let (chance, slope) = concrete.presence(number)
    var generator = SeededGenerator(seed: 5)
    let count = draws(number, &generator).count { $0 > 0 }
    // Four standard errors.
    #expect(abs(Double(count) / 20000 - chance) < 4 * (chance * (1 - chance) / 20000).squareRoot())
    let difference =
      (concrete.presence(number + 1e-5).value - concrete.presence(number - 1e-5).value) / 2e-5
    #expect(abs(difference - slope) < 1e-8)
  }

  private func draws(_ number: Double, _ generator: inout SeededGenerator) -> [Double] {
    let noise = (0..<20000).map { _ in Double.random(in: 1e-6..<(1 - 1e-6), using: &generator) }
    return concrete.mask([Double](repeating: number, count: 20000), noise: noise).values
  }

  /// With even odds a mask is as often whole as gone.
  @Test func `draws are symmetric about a half`() {
    var generator = SeededGenerator(seed: 6)
    let values = draws(0, &generator)
    #expect(abs(values.reduce(0, +) / 20000 - 0.5) < 0.01)
    #expect(abs(values.count { $0 == 0 } - values.count { $0 == 1 }) < 400)
  }

  /// θ of an edge that changes nothing, by Adam from its paper and the penalty from its formula.
  @Test func `an edge without effect follows its penalty alone`() throws {
    let problem = DiscoveryProblem(
      model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task())
    let settings = TrainingSettings(steps: 60, learningRate: 0.07, sparsity: 0.01, seed: 3)
    let scores = try SubnetworkProbing(level: .edges, settings: settings).scores(for: problem)
    let shift = 2 * log(0.1 / 1.1) / 3  // β log(−low / high)
    var (theta, first, second) = (log(9.0), 0.0, 0.0)
    for step in 1...60 {
      let chance = 1 / (1 + exp(shift - theta))
      let gradient = 0.01 / 8 * chance * (1 - chance)
      first += (1 - 0.9) * (gradient - first)
      second += (1 - 0.999) * (gradient * gradient - second)
      let mean = first / (1 - pow(0.9, Double(step)))
      let square = second / (1 - pow(0.999, Double(step)))
      theta -= 0.07 * mean / (square.squareRoot() + 1e-8)
    }
    let expected = 1 / (1 + exp(-theta))
    for edge in [
      "input->a0.h0<q>", "input->a0.h0<k>", "input->a0.h0<v>", "a0.h0->m0", "a0.h0->logits",
    ] {
      let found = Double(scores[try #require(Edge(edge))])
      #expect(abs(found - expected) < 1e-6, "\(edge): \(found), \(expected)")
    }
  }

  @Test(arguments: MaskUnits.allCases, [nil, 1] as [Int?])
  func `gradients of numbers are those of the mask that they make`(units: MaskUnits, keys: Int?) {
    let graph = ComputationGraph(
      layerCount: 2, headCount: 2, keyValueReaderCount: keys, dModel: 4)
    var generator = SeededGenerator(seed: 7)
    let random = { (count: Int) in
      (0..<count).map { _ in Double.random(in: 0.2...1, using: &generator) }
    }
    let map = MaskMap(units, graph)
    let values = random(map.count)
    let weights = random(graph.writerCount * graph.readerCount)
    let loss = { (values: [Double]) in
      zip(map.mask(values).values(), weights).reduce(0) { $0 + Double($1.0) * $1.1 }
    }
    let gradient = map.gradient(weights, values)
    for index in values.indices {
      var (more, less) = (values, values)
      more[index] += 0.1
      less[index] -= 0.1
      #expect(abs((loss(more) - loss(less)) / 0.2 - gradient[index]) < 1e-4)
    }
  }

  /// What an edge does, 1/3 or 2/3 of everything, against what keeping one of eight costs: from about 11 on
  /// one edge is not worth it, from about 22 on two in a row are not.
  @Test(arguments: [(7, 3), (17, 2), (30, 0)]) func `edges stay that are worth their price`(
    sparsity: Double, count: Int
  ) throws {
    let problem = DiscoveryProblem(
      model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task())
    let method = SubnetworkProbing(
      level: .edges, settings: TrainingSettings(steps: 400, sparsity: sparsity))
    let circuit = try method.scores(for: problem).circuit(try #require(method.ownCircuit))
    let worth = ["input->m0", "m0->logits", "input->logits"].prefix(count)
    #expect(Set(circuit.edges.map(\.description)) == Set(worth))
  }

  @Test func `what is more likely there than not is the circuit`() {
    #expect(SubnetworkProbing().ownCircuit == CircuitSelection(.threshold(0.5)))
  }
}
