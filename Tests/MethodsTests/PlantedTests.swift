import Engine
import Evaluation
import Foundation
import Graphs
import Methods
import Models
import Tasks
import TestSupport
import Testing

/// Circuits written by hand: the models do what they were written for, and the circuits are found.
@Suite struct PlantedTests {
  private static let sizes: [(layers: Int, heads: Int, noise: Float, seed: UInt64)] = [
    (3, 2, 0, 0), (3, 4, 0.02, 1), (5, 3, 0.02, 2),
  ]

  private func known(_ name: String, _ size: Int, sharpness: Float = 8) throws -> KnownCircuit {
    var options = PlantedCircuits.Options()
    (options.layerCount, options.headCount) = (Self.sizes[size].layers, Self.sizes[size].heads)
    (options.noise, options.seed) = (Self.sizes[size].noise, Self.sizes[size].seed)
    options.sharpness = sharpness
    return try PlantedCircuits.named(name, options: options)
  }

  @Test(arguments: PlantedCircuits.names, sizes.indices)
  func `the model does its task by its circuit`(name: String, size: Int) throws {
    let known = try known(name, size)
    let task = try known.task(count: 50)
    let evaluation = CircuitEvaluation(model: known.model, task: task)
    let truth = try #require(known.truth(for: .resample))
    let measured = evaluation.faithfulness(of: [truth], by: [task.metric, Accuracy()])[0]
    #expect(measured[1].full.mean == 1 && measured[1].empty.mean < 0.7)
    #expect(abs(measured[0].value - 1) < 0.1, "\(measured[0].value)")
    // Where attention is saturated and nothing else is there, the circuit is all of the behaviour.
    let sharp = try self.known(name, 0, sharpness: 60)
    let whole = CircuitEvaluation(model: sharp.model, task: try sharp.task(count: 50))
    #expect(abs(whole.faithfulness(of: try #require(sharp.truth(for: .resample))).value - 1) < 1e-5)
  }

  /// Without redundancy the true edges are those whose ablation changes something.
  @Test(arguments: [
    "planted-copy", "planted-induction", "planted-two-hops", "planted-two-ways",
  ])
  func `the true edges are the necessary ones`(name: String) throws {
    let known = try known(name, 0, sharpness: 60)
    let problem = DiscoveryProblem(model: known.model, task: try known.task(count: 50))
    let scores = try ExactPatching().scores(for: problem)
    #expect(scores.circuit(threshold: 1e-3) == known.truth(for: .resample))
  }

  @Test(arguments: PlantedCircuits.names, sizes.indices)
  func `some method finds the circuit`(name: String, size: Int) throws {
    let known = try known(name, size)
    let problem = DiscoveryProblem(model: known.model, task: try known.task(count: 50))
    let truth = try #require(known.truth(for: .resample))
    let areas = try ["eap", "eap-ig", "exact"].map { method in
      let scores = try DiscoveryMethods.named(method).make(MethodOptions()).scores(for: problem)
      return try #require(RecoveryCurve(of: scores, truth: truth).area(.pessimistic))
    }
    #expect(areas.contains { $0 >= 0.99 }, "\(name): \(areas)")
  }

  @Test func `an OR gate hides from single edges and from gradients`() throws {
    let known = try known("planted-or", 0)
    let problem = DiscoveryProblem(model: known.model, task: try known.task(count: 50))
    let truth = try #require(known.truth(for: .resample))
    let found = try ["eap", "exact", "eap-ig"].map { name in
      let scores = try DiscoveryMethods.named(name).make(MethodOptions()).scores(for: problem)
      return truth.edges.count { abs(scores[$0]) > 0.1 }
    }
    #expect(found[0] == 1 && found[1] == 1 && found[2] == 5, "\(found)")
    // One of the two branches is enough, so ACDC keeps one.
    let kept = try ACDC(thresholds: [0.1]).scores(for: problem)
    #expect(truth.edges.count { kept[$0] > 0 } == 3)
  }

  @Test func `what does not fit is refused`() throws {
    #expect(throws: TaskError.self) { try PlantedCircuits.named("planted-nothing") }
    var options = PlantedCircuits.Options()
    options.layerCount = 2
    #expect(throws: TaskError.self) {
      try PlantedCircuits.named("planted-two-hops", options: options)
    }
    #expect(try PlantedCircuits.named("planted-or", options: options).model.graph.layerCount == 2)
  }

  /// One of eight tokens has the score s, the others 0; the unembedding multiplies by 10.
  @Test(arguments: [0.5, 2, 5] as [Float]) func `attention is as sharp as it says`(sharpness: Float)
    throws
  {
    let known = try known("planted-copy", 0, sharpness: sharpness)
    let task = try known.task(count: 5)
    let whole = CircuitEvaluation(model: known.model, task: task)
      .faithfulness(of: try #require(known.truth(for: .resample))).full
    let weight = exp(Double(sharpness))
    expectClose(
      whole.values, [Double](repeating: 10 * weight / (weight + 7), count: 5), relative: 1e-5)
  }
}
