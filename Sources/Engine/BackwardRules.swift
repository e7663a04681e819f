package import Tensors

/// How gradients pass through layers, where a method wants them other than exact.
///
/// A forward pass never depends on them.
package struct BackwardRules: Sendable, Equatable {
  /// How they pass from attention patterns to scores.
  package var pattern: PatternRule
  /// Whether norms count what they divide by as a constant; a mean that they subtract is still differentiated.
  package var holdsDeviations: Bool
  /// How steep activations count as.
  package var slope: Activation.Slope
  /// Whether gate and up of a gated MLP get half of the gradient of their product each.
  package var halvesGates: Bool
  /// Whether the factors of attention's products get half of the gradient of each product: values, and with
  /// queries and keys a quarter.
  package var halvesAttention: Bool

  /// The gradient itself, but for what is said.
  package init(
    pattern: PatternRule = .exact, holdsDeviations: Bool = false,
    slope: Activation.Slope = .tangent, halvesGates: Bool = false, halvesAttention: Bool = false
  ) {
    self.pattern = pattern
    self.holdsDeviations = holdsDeviations
    self.slope = slope
    self.halvesGates = halvesGates
    self.halvesAttention = halvesAttention
  }

  /// The gradient itself.
  package static let exact = BackwardRules()
}
