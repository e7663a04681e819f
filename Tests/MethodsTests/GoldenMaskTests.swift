import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

/// Pieces of mask learning against a float64 oracle: masks, losses and gradients for given numbers and noise.
@Suite struct GoldenMaskTests {
  static let metrics: [(name: String, metric: any DifferentiableMetric)] = [
    ("logit_difference", LogitDifference()), ("kl", Divergence.kl),
  ]

  private struct Piece {
    let golden: GoldenModel
    let values: Golden
    let edges: [Int]

    init(_ family: String) throws {
      golden = try GoldenModel(family)
      values = try Golden(family, "methods")
      edges = golden.graph.edgeOffsets
    }

    /// The numbers of a matrix at real edges, for each matrix of a tensor.
    func numbers(_ name: String) throws -> [[Double]] {
      let all = try values.tensor(name).values()
      let size = golden.graph.writerCount * golden.graph.readerCount
      return (0..<(all.count / size)).map { part in edges.map { Double(all[part * size + $0]) } }
    }

    func scalars(_ name: String) throws -> [Double] {
      try values.tensor(name).values().map(Double.init)
    }

    func objective(
      _ metric: any Metric, _ parametrisation: any MaskParametrisation,
      _ sparsity: Sparsity = .none, drawCount: Int = 0
    ) throws -> MaskObjective {
      let recipe = MaskRecipe(
        parametrisation: parametrisation, units: .edges, sparsity: sparsity,
        optimiser: .adam(Adam(rate: 1)), steps: 1, drawCount: drawCount, seed: 0)
      return try MaskObjective(
        recipe, DiscoveryProblem(model: golden.model, task: golden.task(metric)))
    }
  }

  @Test(arguments: methodFamilies) func `MAttr`(family: String) throws {
    let piece = try Piece(family)
    let scores = try piece.numbers("mattr.scores")[0]
    let (masks, gradients) = (
      try piece.numbers("mattr.mask"), try piece.numbers("mattr.gradient")
    )
    let (thresholds, losses) = (try piece.scalars("mattr.tau"), try piece.scalars("mattr.loss"))
    let top = SoftTopK(.uniform)
    let objective = try piece.objective(LogitDifference(), top)
    for (index, sum) in try piece.scalars("mattr.k").enumerated() {
      let draw = top.mask(scores, sum: sum)
      expectClose([top.threshold(scores, sum: sum)], [thresholds[index]], relative: 1e-5)
      expectClose(draw.values, masks[index], relative: 1e-5)
      #expect(abs(draw.values.reduce(0, +) - sum) < 1e-9 * sum)
      let found = objective.loss([scores], [draw], progress: 1)
      expectClose([found.loss], [losses[index]], relative: 1e-4, to: 1)
      expectClose(found.gradients[0], gradients[index], relative: 1e-4, "\(family) k = \(sum)")
    }
  }

  @Test(arguments: methodFamilies, metrics.indices) func `Edge Pruning`(
    family: String, metric: Int
  ) throws {
    let piece = try Piece(family)
    let (name, metric) = Self.metrics[metric]
    let numbers = try piece.numbers("edge_pruning.log_alpha")[0]
    let concrete = HardConcrete()
    let draw = concrete.mask(numbers, noise: try piece.numbers("edge_pruning.noise")[0])
    expectClose(draw.values, try piece.numbers("edge_pruning.mask")[0], relative: 1e-5)
    let absent = numbers.reduce(0) { $0 + 1 - concrete.presence($1).value }
    expectClose(
      [absent / Double(numbers.count), 1 - draw.values.reduce(0, +) / Double(numbers.count)],
      try piece.scalars("edge_pruning.expected_sparsity")
        + piece.scalars("edge_pruning.sampled_sparsity"), relative: 1e-5)
    let kept = numbers.count - Int(absent.rounded())
    let deterministic = concrete.deterministicMask(numbers, keeping: kept)
    expectClose(
      deterministic, try piece.numbers("edge_pruning.deterministic_mask")[0], relative: 1e-5)
    #expect(deterministic.count { $0 > 0 } == kept)
    let weights = try piece.scalars("edge_pruning.lagrangian")
    let objective = try piece.objective(
      metric, concrete, .targets([.init(.edges, weights[2])], risingOver: 0, reach: 1))
    let found = objective.loss([numbers, Array(weights.prefix(2))], [draw], progress: 1)
    expectClose(
      [found.loss], try piece.scalars("edge_pruning.loss.sampled.\(name)"), relative: 1e-4, to: 1)
    expectClose(
      found.gradients[0], try piece.numbers("edge_pruning.gradient.sampled.\(name)")[0],
      relative: 1e-4, "\(family) \(name)")
    let sparsity = try piece.scalars("edge_pruning.sampled_sparsity")[0] - weights[2]
    expectClose(found.gradients[1], [sparsity, sparsity * sparsity], relative: 1e-4)
  }

  @Test(arguments: methodFamilies, metrics.indices) func `UGS`(family: String, metric: Int) throws {
    let piece = try Piece(family)
    let (name, metric) = Self.metrics[metric]
    let numbers = try piece.numbers("ugs.theta")[0]
    let uniform = UniformSample()
    let draws = try piece.numbers("ugs.noise").map { uniform.mask(numbers, noise: $0) }
    for (draw, mask) in zip(draws, try piece.numbers("ugs.mask")) {
      expectClose(draw.values, mask, relative: 1e-5)
    }
    let objective = try piece.objective(metric, uniform, drawCount: 2)
    let found = objective.loss([numbers], draws, progress: 1)
    expectClose([found.loss], try piece.scalars("ugs.loss.\(name)"), relative: 1e-4, to: 1)
    expectClose(
      found.gradients[0], try piece.numbers("ugs.gradient.\(name)")[0], relative: 1e-4,
      "\(family) \(name)")
  }
}
