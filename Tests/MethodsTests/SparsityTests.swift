import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// What keeps masks small, and masks in which edges and writers both have numbers.
@Suite struct SparsityTests {
  private let graph = ComputationGraph(layerCount: 2, headCount: 2, dModel: 4)
  private var map: MaskMap { MaskMap(.edgesAndWriters, graph) }

  private func cost(
    _ sparsity: Sparsity, _ numbers: [Double], multipliers: [Double] = [], progress: Double = 1
  ) -> (cost: Double, numbers: [Double], multipliers: [Double]) {
    let mask = SigmoidMask()
    // Two draws that are alike: what is taken is a mean over draws.
    let draws = (0..<2).map { _ in mask.mask(numbers, noise: []) }
    return sparsity.cost(numbers, draws, multipliers: multipliers, progress: progress, mask, map)
  }

  private let targets = Sparsity.targets(
    [Sparsity.Target(.edges, 0.8), Sparsity.Target(.writers, 0.5)], risingOver: 0.5, reach: 1)

  private func random(_ count: Int) -> [Double] {
    var generator = SeededGenerator(seed: 21)
    return (0..<count).map { _ in Double.random(in: -2...2, using: &generator) }
  }

  @Test func `gradients of what masks cost are its derivatives`() {
    let (numbers, multipliers) = (random(map.count), [0.7, 1.3, -0.4, 2])
    for sparsity in [targets, .price(3), .priceEach(0.2)] {
      let found = cost(sparsity, numbers, multipliers: multipliers, progress: 0.3)
      for index in numbers.indices {
        var (more, less) = (numbers, numbers)
        more[index] += 1e-5
        less[index] -= 1e-5
        let difference =
          (cost(sparsity, more, multipliers: multipliers, progress: 0.3).cost
            - cost(sparsity, less, multipliers: multipliers, progress: 0.3).cost) / 2e-5
        #expect(abs(difference - found.numbers[index]) < 1e-8)
      }
    }
    let found = cost(targets, numbers, multipliers: multipliers, progress: 0.3)
    for index in multipliers.indices {
      var (more, less) = (multipliers, multipliers)
      more[index] += 1e-3
      less[index] -= 1e-3
      let difference =
        (cost(targets, numbers, multipliers: more, progress: 0.3).cost
          - cost(targets, numbers, multipliers: less, progress: 0.3).cost) / 2e-3
      #expect(abs(difference - found.multipliers[index]) < 1e-9)
    }
  }

  /// Edges that are half there and writers that are all there are half an edge and half a writer off their targets.
  @Test(arguments: [(0, 0), (0.25, 0.5), (0.5, 1), (1, 1)])
  func `targets rise in a straight line and stay, each of its own kind`(
    progress: Double, reached: Double
  ) {
    let numbers = (0..<map.count).map { $0 < graph.edgeCount ? 0.0 : 40 }
    let found = cost(targets, numbers, multipliers: [1, 0, 0, 0], progress: progress)
    let (edges, writers) = (0.5 - 0.8 * reached, -0.5 * reached)
    #expect(abs(found.cost - edges) < 1e-9)
    for (one, other) in zip(found.multipliers, [edges, edges * edges, writers, writers * writers]) {
      #expect(abs(one - other) < 1e-9)
    }
  }

  /// Half of all that is there costs half of everything; the price of one knows of no others.
  @Test func `a price is of everything or of one`() {
    let numbers = [Double](repeating: 0, count: map.count)
    #expect(abs(cost(.price(3), numbers).cost - 1.5) < 1e-9)
    #expect(abs(cost(.priceEach(3), numbers).cost - 1.5 * Double(map.count)) < 1e-9)
    #expect(cost(.none, numbers).cost == 0)
  }

  /// Multipliers go up until the target is met: as many edges are kept as it leaves.
  @Test func `a training ends at its target`() throws {
    let problem = DiscoveryProblem(
      model: ThreeEdgeModel.model, task: try ThreeEdgeModel.task())
    let method = EdgePruning(target: 0.625, settings: TrainingSettings(steps: 600))
    var training = try method.training(for: problem)
    try training.finish(MethodRun())
    let numbers = training.numbers[0]
    var generator = SeededGenerator(seed: 22)
    let draws = (0..<2000).map { _ in
      let noise = numbers.map { _ in Double.random(in: 0.001..<0.999, using: &generator) }
      return HardConcrete().mask(numbers, noise: noise).values.reduce(0, +)
    }
    let kept = draws.reduce(0, +) / 2000
    #expect(abs(kept - 3) < 0.25, "\(kept)")
  }

  @Test func `an edge carries no more than its writer does`() {
    for writer in 1..<graph.writerCount {
      var values = [Double](repeating: 1, count: map.count)
      values[graph.edgeCount + writer - 1] = 0.25
      let mask = map.mask(values)
      for edge in graph.edgeOffsets {
        let (from, reader) = edge.quotientAndRemainder(dividingBy: graph.readerCount)
        #expect(mask[writer: from, reader: reader] == (from == writer ? 0.25 : 1))
      }
      // What an edge scores is the less of the two.
      let scores = map.scores(values.map(Float.init))
      for edge in graph.edgeOffsets {
        #expect(scores.values[edge] == (edge / graph.readerCount == writer ? 0.25 : 1))
      }
    }
  }
}
