import Engine
import Files
public import Foundation
public import Graphs
public import Tasks

/// A trained gate: the scores of a prompt's edges from one forward pass over it.
public struct PromptGate: Sendable {
  private let model: Transformer
  private let graph: ComputationGraph
  private let shape: GateShape
  private let scale: FeatureScale
  /// θ, U and V.
  private let groups: [[Double]]

  init(
    _ problem: DiscoveryProblem, _ shape: GateShape, _ scale: FeatureScale, groups: [[Double]]
  ) {
    (model, graph) = (problem.model, problem.graph)
    (self.shape, self.scale, self.groups) = (shape, scale, groups)
  }

  /// The name of its file in a run's directory.
  public static let fileName = "prompt-gates.safetensors"

  /// The scores of every prompt, `log(1 + exp(θ + U tanh(V φ)))`.
  ///
  /// - Parameter task: Prompts, maybe others than those that the gate was trained on; answers are not looked at.
  /// - Returns: For each prompt a positive score for every edge.
  /// - Complexity: One forward pass.
  public func scores(of task: CircuitTask) -> [EdgeScores] {
    let map = MaskMap(.edges, graph)
    return PromptFeatures(of: task, in: model).values.map { features in
      map.scores(shape.numbers(groups, scale(features)).map { Float(softplus($0)) })
    }
  }

  /// The gate as a safetensors file, F64.
  ///
  /// Tensors `mask` (θ, an edge each in canonical order), `gate` (U, `[edge, rank]`), `directions` (V, `[rank, feature]`), and
  /// `means` and `factors` of the features; features are `(φ − means) · factors`.
  ///
  /// - Throws: An error of the JSON encoder.
  public func safetensors() throws -> Data {
    try Safetensors.encode(
      doubles: [
        "mask": groups[0], "gate": groups[1], "directions": groups[2], "means": scale.means,
        "factors": scale.factors,
      ], metadata: ["rank": "\(shape.rank)"])
  }
}
