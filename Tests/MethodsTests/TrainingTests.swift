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

  @Test func `the slope of a draw is its derivative`() {
    var counts = [0, 0, 0]
    for seed in 0..<300 as Range<UInt64> {
      for number in [-3, 0, 2.5] {
        let draw = { (number: Double) in
          var generator = SeededGenerator(seed: seed)
          return concrete.draw(number, using: &generator)
        }
        let (value, slope) = draw(number)
        let difference = (draw(number + 1e-5).value - draw(number - 1e-5).value) / 2e-5
        #expect(abs(difference - slope) < 1e-6, "\(value)")
        #expect((0...1).contains(value))
        counts[value == 0 ? 0 : value == 1 ? 2 : 1] += 1
      }
    }
    #expect(counts.allSatisfy { $0 > 100 }, "\(counts)")
  }

  @Test(arguments: [-3.0, -1, 0.5, 2]) func `presence is how often a draw is not 0`(number: Double)
  {
    let (chance, slope) = concrete.presence(number)
    var generator = SeededGenerator(seed: 5)
    let count = (0..<20000).count { _ in concrete.draw(number, using: &generator).value > 0 }
    // Four standard errors.
    #expect(abs(Double(count) / 20000 - chance) < 4 * (chance * (1 - chance) / 20000).squareRoot())
    let difference =
      (concrete.presence(number + 1e-5).value - concrete.presence(number - 1e-5).value) / 2e-5
    #expect(abs(difference - slope) < 1e-8)
  }

  /// With even odds a mask is as often whole as gone.
  @Test func `draws are symmetric about a half`() {
    var generator = SeededGenerator(seed: 6)
    let values = (0..<20000).map { _ in concrete.draw(0, using: &generator).value }
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

  @Test(arguments: MaskLevel.allCases, [nil, 1] as [Int?])
  func `gradients of numbers are those of the mask that they make`(level: MaskLevel, keys: Int?) {
    let graph = ComputationGraph(
      layerCount: 2, headCount: 2, keyValueReaderCount: keys, dModel: 4)
    var generator = SeededGenerator(seed: 7)
    let random = { (count: Int) in
      (0..<count).map { _ in Double.random(in: 0.2...1, using: &generator) }
    }
    let values = random(level.count(graph))
    let weights = random(graph.writerCount * graph.readerCount)
    let loss = { (values: [Double]) in
      zip(level.mask(values, graph).values(), weights).reduce(0) { $0 + Double($1.0) * $1.1 }
    }
    let gradient = level.gradient(weights, values, graph)
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
