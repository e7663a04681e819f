package import Tasks
import Tensors

extension AttributionPatching {
  /// Expected gradients of inputs (arXiv 1906.10670): EAP-IG with one random point for each prompt instead of a grid.
  ///
  ///     score(w → r) = ⟨a_w − ã_w, ∂metric/∂read(r) at α⟩,   α ~ U(0, 1) for each prompt
  ///
  /// A prompt's α follows from the seed and its tokens: it is the same in any order of the prompts and in any part of
  /// them.
  ///
  /// Cost: three forward passes and one backward pass.
  ///
  /// - Parameter seed: Where random choices start.
  /// - Returns: The method.
  public static func expectedGradients(seed: UInt64 = 0) -> AttributionPatching {
    expectedGradients { pair in
      let start = (pair.clean + pair.corrupted).reduce(seed) { seed, token in
        var generator = SeededGenerator(seed: seed ^ UInt64(truncatingIfNeeded: token))
        return generator.next()
      }
      var generator = SeededGenerator(seed: start)
      return Double.random(in: 0..<1, using: &generator)
    }
  }

  /// Gradients at a point of each prompt's own.
  package static func expectedGradients(
    at alpha: @escaping @Sendable (PromptPair) -> Double
  ) -> AttributionPatching {
    AttributionPatching(points: [], terms: .ownPoints(alpha))
  }

  static let expectedGradientsEntry = MethodEntry(
    name: "expected-gradients",
    summary: "EAP with the gradient at a random point of the way from ablated to clean input",
    paper: "1906.10670", cost: "3 forward, 1 backward", passes: { _, _ in PassCount(3, 1) },
    make: { expectedGradients(seed: $0.seed) })
}
