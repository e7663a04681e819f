package import Tensors

/// Numbers that are trained together, as one tensor of the state.
package struct NumberGroup: Sendable {
  /// The name in the state.
  package let name: String
  /// Where the numbers start.
  package let start: [Double]
  /// How they are moved.
  package let optimiser: Optimiser
  /// Whether they are moved up the gradient: what weighs a constraint is.
  package let ascends: Bool
  /// The longest gradient, to which longer ones are cut; nil for any length.
  package let longestGradient: Double?

  package init(
    _ name: String, start: [Double], optimiser: Optimiser, ascends: Bool = false,
    longestGradient: Double? = nil
  ) {
    self.name = name
    self.start = start
    self.optimiser = optimiser
    self.ascends = ascends
    self.longestGradient = longestGradient
  }
}

/// A loss and its gradient, group by group.
package struct LossGradient {
  package let loss: Double
  /// For each group a number for each of its numbers.
  package let gradients: [[Double]]

  package init(loss: Double, gradients: [[Double]]) {
    self.loss = loss
    self.gradients = gradients
  }
}

/// Something that can be trained: groups of numbers, and a loss of them that has a gradient.
///
/// ``Training`` moves the numbers, keeps how far it has come and goes on from there. A new way to train is a value
/// that conforms.
package protocol Trainable {
  /// The numbers, in order.
  var groups: [NumberGroup] { get }

  /// The loss at some numbers, maybe on some of the prompts and with random draws.
  ///
  /// - Parameters:
  ///   - numbers: For each group its numbers.
  ///   - step: How many steps came before.
  ///   - generator: Gives everything that is random.
  /// - Returns: The loss and its gradient.
  func loss(
    _ numbers: [[Double]], step: Int, using generator: inout SeededGenerator
  ) -> LossGradient

  /// What is said of numbers while they are trained.
  func note(_ numbers: [[Double]], step: Int) -> String
}
