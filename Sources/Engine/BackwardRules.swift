/// How gradients pass through a layer, where a method wants them other than exact.
///
/// A forward pass never depends on them.
package struct BackwardRules: Sendable, Equatable {
  /// Whether attention patterns count as constants: queries and keys get no gradient.
  package var freezesPatterns: Bool

  package init(freezesPatterns: Bool = false) { self.freezesPatterns = freezesPatterns }

  /// The gradient itself.
  package static let exact = BackwardRules()
}
