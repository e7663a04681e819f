/// What an ablated edge carries instead of the writer's current value.
///
/// Means are taken over real tokens only: prompts are never padded.
public enum Ablation: Hashable, Sendable, Codable {
  /// The writer's value on the corrupted prompt, token for token.
  case resample
  /// The writer's mean over all tokens of all prompts of a kind.
  case mean(over: Prompts = .corrupted)
  /// The writer's mean over the tokens at the same position, of all prompts of a kind.
  case positionalMean(over: Prompts = .corrupted)
  /// Nothing.
  case zero

  /// The prompts that a mean is taken over.
  public enum Prompts: String, Sendable, CaseIterable {
    /// The corrupted prompts.
    case corrupted
    /// The clean prompts.
    case clean
    /// Clean and corrupted prompts alike.
    case both
  }
}

extension Ablation: CaseIterable, RawRepresentable, CustomStringConvertible {
  /// All ablations, the default first.
  public static var allCases: [Ablation] {
    [.resample] + Prompts.allCases.map { .mean(over: $0) }
      + Prompts.allCases.map { .positionalMean(over: $0) } + [.zero]
  }

  /// The name on the command line and in files: `mean` is over corrupted prompts, `mean-clean` over
  /// clean ones, `mean-both` over both.
  public var rawValue: String {
    let suffix = { (prompts: Prompts) in prompts == .corrupted ? "" : "-" + prompts.rawValue }
    return switch self {
    case .resample: "resample"
    case .mean(let prompts): "mean" + suffix(prompts)
    case .positionalMean(let prompts): "positional-mean" + suffix(prompts)
    case .zero: "zero"
    }
  }

  /// The ablation of a name.
  public init?(rawValue: String) {
    guard let found = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = found
  }

  /// The name.
  public var description: String { rawValue }
}
