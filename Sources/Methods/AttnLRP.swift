import Engine
import Tensors

extension AttributionPatching {
  /// AttnLRP (arXiv 2402.05602; its softmax rule as in public code for MIB): ``relp`` with relevance that goes through
  /// attention's softmax and is shared by the factors of its products.
  ///
  ///     z = p · v    ½ of the gradient to each
  ///     softmax      ds_i = (Σ_j g_j p_j) p_i / s_i over visible keys, 0 where s_i is
  ///     s = q · k    ½ of the gradient to each
  ///
  /// It divides by scores, so that small ones make it large. The forward pass is the model's own; the cost is EAP's.
  public static let attnLRP = AttributionPatching(
    points: [1], rules: .relevance(pattern: .relevance, halvesAttention: true))

  static let attnLRPEntry = entry(
    "attnlrp", "RelP whose relevance goes through softmax, too", paper: "2402.05602"
  ) { _ in attnLRP }
}
