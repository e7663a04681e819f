import Graphs
import Methods
import Tasks
import TestSupport
import Testing

/// What a gradient at the clean run does not see, written by hand, and what does.
@Suite struct BlindSpotTests {
  private func problem(
    _ name: String, sharpness: Float
  ) throws -> (DiscoveryProblem, truth: [Edge]) {
    var options = PlantedCircuits.Options()
    (options.noise, options.sharpness) = (0, sharpness)
    let known = try PlantedCircuits.named(name, options: options)
    let problem = DiscoveryProblem(model: known.model, task: try known.task(count: 30))
    return (problem, try #require(known.truth(for: .resample)).edges)
  }

  /// Attention that is all or nothing has no slope, and yet another key would be looked at.
  @Test func `recomputed patterns see through a saturated softmax`() throws {
    let (problem, truth) = try problem("planted-induction", sharpness: 60)
    let edge = try #require(truth.first { $0.description.hasSuffix("<k>") })
    let scores = try ["eap", "atp-star", "exact"].map { name in
      try DiscoveryMethods.named(name).make(MethodOptions()).scores(for: problem)
    }
    let fixed = try AtPStar(dropsGradients: false).scores(for: problem)
    #expect(abs(scores[0][edge]) < 1e-4 && scores[2][edge] > 5)
    #expect(abs(fixed[edge] - scores[2][edge]) < 1e-2 * scores[2][edge])
    // What lies below the pattern is reached by its gradient alone, and stays unseen.
    #expect(Set(fixed.top(2).map(\.edge)) == Set(truth.filter { $0.writer != .input }))
    #expect(!scores[0].top(2).map(\.edge).contains(edge))
  }

  /// The head's two ways have slopes that cancel, and effects that do not.
  @Test func `dropped gradients see what cancels`() throws {
    let (problem, truth) = try problem("planted-cancellation", sharpness: 60)
    let edge = try #require(truth.first { $0.writer == .input })
    let scores = try ["eap", "graddrop", "exact"].map { name in
      try DiscoveryMethods.named(name).make(MethodOptions()).scores(for: problem)
    }
    #expect(abs(scores[0][edge]) < 1e-4 && abs(scores[2][edge] - 5) < 1e-3)
    // One of three passes leaves out the MLP, one the head itself, and one neither.
    #expect(abs(scores[1][edge] - 10 / 2) < 1e-3)
    #expect(Set(scores[1].top(4).map(\.edge)) == Set(truth))
    #expect(scores[2].circuit(threshold: 1e-3).edges.count == 4)
  }
}
