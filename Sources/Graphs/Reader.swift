/// A component that takes its input from the residual stream.
public enum Reader: Hashable, Sendable {
  /// One of an attention head's three inputs.
  ///
  /// With shared keys and values and one reader for each of them, `index` of a key or value
  /// counts key/value heads.
  case head(layer: Int, index: Int, projection: Projection)
  /// An MLP.
  case mlp(layer: Int)
  /// The final norm and the unembedding.
  case logits

  /// What a head makes of one of its inputs.
  public enum Projection: String, Hashable, Sendable, CaseIterable {
    /// What the head looks for.
    case query = "q"
    /// What the head finds it by.
    case key = "k"
    /// What the head copies.
    case value = "v"
  }
}

extension Reader: CustomStringConvertible {
  /// The name in files and tables: `a3.h7<q>`, `m2`, `logits`.
  public var description: String {
    switch self {
    case .head(let layer, let index, let projection):
      "a\(layer).h\(index)<\(projection.rawValue)>"
    case .mlp(let layer): "m\(layer)"
    case .logits: "logits"
    }
  }

  /// Reads a name such as `a3.h7<q>`; nil when the text is no reader's name.
  public init?(_ name: some StringProtocol) {
    if name == "logits" {
      self = .logits
    } else if let layer = number(name, after: "m") {
      self = .mlp(layer: layer)
    } else if name.hasSuffix(">"), let open = name.lastIndex(of: "<"),
      let (layer, index) = headIndices(name[..<open]),
      let projection = Projection(rawValue: String(name[name.index(after: open)...].dropLast()))
    {
      self = .head(layer: layer, index: index, projection: projection)
    } else {
      return nil
    }
  }
}
