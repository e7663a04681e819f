public import Engine
public import Files
public import Foundation

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
  /// A learned constant for each writer, the same at every token (optimal ablation, arXiv 2409.09951).
  ///
  /// Runs take constants that were read, see ``loaded(for:)``.
  case optimal(LearnedConstants)

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
  /// All ablations that need no file, the default first.
  public static var allCases: [Ablation] {
    [.resample] + Prompts.allCases.map { .mean(over: $0) }
      + Prompts.allCases.map { .positionalMean(over: $0) } + [.zero]
  }

  /// The name on the command line and in files: `mean` is over corrupted prompts, `mean-clean` over
  /// clean ones, `mean-both` over both; `optimal:` goes before a file's path.
  public var rawValue: String {
    let suffix = { (prompts: Prompts) in prompts == .corrupted ? "" : "-" + prompts.rawValue }
    return switch self {
    case .resample: "resample"
    case .mean(let prompts): "mean" + suffix(prompts)
    case .positionalMean(let prompts): "positional-mean" + suffix(prompts)
    case .zero: "zero"
    case .optimal(let constants): Self.optimalPrefix + constants.path
    }
  }

  /// The ablation of a name.
  public init?(rawValue: String) {
    if rawValue.hasPrefix(Self.optimalPrefix) {
      let path = String(rawValue.dropFirst(Self.optimalPrefix.count))
      guard !path.isEmpty else { return nil }
      self = .optimal(LearnedConstants(path: path))
      return
    }
    guard let found = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = found
  }

  private static let optimalPrefix = "optimal:"

  /// The name.
  public var description: String { rawValue }
}

extension Ablation {
  /// The file of learned constants; nil for ablations that have none.
  public var file: URL? {
    guard case .optimal(let constants) = self else { return nil }
    return constants.file
  }

  /// The same ablation, its file named by its whole path.
  package var absolute: Ablation {
    guard case .optimal(let constants) = self else { return self }
    return .optimal(LearnedConstants(path: constants.file.path))
  }

  /// The same ablation, ready for runs of a model: learned constants are read.
  ///
  /// - Throws: `CheckpointError` when there is no such file, or it holds no constants of such a model.
  public func loaded(for model: Transformer) throws(CheckpointError) -> Ablation {
    guard case .optimal(let constants) = self else { return self }
    return .optimal(try constants.read(for: model))
  }
}
