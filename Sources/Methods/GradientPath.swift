import Engine
import Graphs
import Tasks
import Tensors

extension AttributionPatching {
  /// EAP-GP (gradient paths, arXiv 2502.06852): EAP-IG along a path that the model's own gradients steer, from the
  /// clean input to one that gives the logits of the ablated one.
  ///
  ///     x₀ = a_input,   x_{j+1} = x_j − ∇D / ‖∇D‖,   D(x) = ‖logits(x) − logits(ã_input)‖²
  ///     score(w → r) = ⟨a_w − ã_w, mean of ∂metric/∂read(r) at x₁ … x_m⟩
  ///
  /// Each prompt has a path of its own: the norm is over its tokens and dModel.
  ///
  /// Cost: three forward passes, and for each step another one and two backward passes.
  ///
  /// - Parameters:
  ///   - steps: How many, m, at least 1.
  ///   - outputs: Which logits draw the path on.
  /// - Returns: The method.
  public static func steered(steps: Int = 5, by outputs: PathOutputs = .last) -> AttributionPatching
  {
    precondition(steps > 0, "\(steps) steps")
    return AttributionPatching(points: [], terms: .steered(steps: steps, by: outputs))
  }

  /// Tokens whose logits a path is steered by.
  public enum PathOutputs: String, Sendable, CaseIterable {
    /// Those at which the metric reads logits.
    case last
    /// All of a prompt.
    case all
  }

  private static let outputs = MethodOption.choice(
    "at", "the tokens whose logits the path is steered by", standard: PathOutputs.last)

  static let steeredEntry = MethodEntry(
    name: "eap-gp", summary: "EAP with integrated gradients, along a path that gradients steer",
    paper: "2502.06852", cost: "3 + steps forward, 2 · steps backward", options: [steps, outputs],
    passes: { options, _ in PassCount(3 + options[steps], 2 * options[steps]) },
    make: { steered(steps: $0[steps], by: $0[outputs]) })
}

extension PathRuns {
  /// Hands out the terms of the steps of a steered path.
  func contractSteered(
    steps: Int, by outputs: AttributionPatching.PathOutputs, _ segments: [[Range<Int>]],
    add: (_ segment: Int, _ terms: Tensor) -> Void
  ) {
    let rows = outputs == .all ? Array(0..<Int32(run.batch.tokens.count)) : nil
    let target = run.taped(given: .input(ablated.input), rows: rows).logits
    var input = cleanInput
    var taped = run.taped(given: .input(input), rows: rows)
    contract((0..<steps).map(Double.init), segments, add: add) { _ in
      var pull = taped.logits
      pull.add(target, scaledBy: -1)
      pull.scale(by: 2)
      input.add(unit(run.backward(pull, taped.tape).input), scaledBy: -1)
      taped = run.taped(given: .input(input), rows: rows)
      return gradients(taped, among: rows)
    }
  }

  /// Each prompt's part of `[token, dModel]` at length 1, or zero where it is zero.
  private func unit(_ gradient: Tensor) -> Tensor {
    let squares = gradient.rowProducts(gradient)
    return gradient.scaledRows(
      by: tokens.flatMap { prompt in
        let length = squares[prompt].reduce(0, +).squareRoot()
        return [Float](repeating: length > 0 ? Float(1 / length) : 0, count: prompt.count)
      })
  }
}
