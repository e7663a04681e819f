import Engine
import Tensors

extension AttributionPatching {
  /// GIM (arXiv 2505.17630): EAP with a backward pass that sees through saturated
  /// softmaxes and shares what products pass.
  ///
  ///     norm       dx = scale · dy / deviation, the deviation a constant
  ///     softmax    ds = p_T (g − Σ g p_T),  p_T = softmax(s / T), without a factor 1/T
  ///     products   half of the gradient to each factor: gate and up ½, values ½, queries and keys ¼
  ///
  /// The forward pass is the model's own; the cost is EAP's.
  ///
  /// - Parameter temperature: T.
  /// - Returns: The method.
  public static func gim(temperature: Double = 2) -> AttributionPatching {
    AttributionPatching(
      points: [1],
      rules: BackwardRules(
        pattern: .softened(temperature: Float(temperature)), holdsDeviations: true,
        halvesGates: true, halvesAttention: true))
  }

  private static let temperature = MethodOption.number(
    "temperature", "what attention scores are divided by in the backward pass", standard: 2,
    canBeZero: false)

  static let gimEntry = entry(
    "gim", "EAP through softer patterns, constant norms and shared products", paper: "2505.17630",
    options: [temperature]
  ) { gim(temperature: $0[temperature]) }
}
