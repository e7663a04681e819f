/// A component that adds to the residual stream.
public enum Writer: Hashable, Sendable {
  /// The embedding of tokens and positions.
  case input
  /// An attention head, after its output matrix; the output bias belongs to no writer.
  case head(layer: Int, index: Int)
  /// An MLP, its output bias included.
  case mlp(layer: Int)
}

extension Writer {
  /// The layer of a head or an MLP; nil for `input`.
  package var layer: Int? {
    switch self {
    case .input: nil
    case .head(let layer, _), .mlp(let layer): layer
    }
  }
}

extension Writer: CustomStringConvertible {
  /// The name in files and tables: `input`, `a3.h7`, `m2`.
  public var description: String {
    switch self {
    case .input: "input"
    case .head(let layer, let index): "a\(layer).h\(index)"
    case .mlp(let layer): "m\(layer)"
    }
  }

  /// Reads a name such as `a3.h7`; nil when the text is no writer's name.
  public init?(_ name: some StringProtocol) {
    if name == "input" {
      self = .input
    } else if let layer = number(name, after: "m") {
      self = .mlp(layer: layer)
    } else if let (layer, index) = headIndices(name) {
      self = .head(layer: layer, index: index)
    } else {
      return nil
    }
  }
}

/// The number in a name such as `m12`, written without sign or leading zeros.
func number(_ name: some StringProtocol, after prefix: String) -> Int? {
  guard name.hasPrefix(prefix) else { return nil }
  let digits = name.dropFirst(prefix.count)
  guard let number = Int(digits), String(number) == digits, number >= 0 else { return nil }
  return number
}

/// Layer and head of a name such as `a3.h7`.
func headIndices(_ name: some StringProtocol) -> (layer: Int, index: Int)? {
  let parts = name.split(separator: ".", omittingEmptySubsequences: false)
  guard parts.count == 2, let layer = number(parts[0], after: "a"),
    let index = number(parts[1], after: "h")
  else { return nil }
  return (layer, index)
}
