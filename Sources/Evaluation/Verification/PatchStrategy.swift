/// A way to choose which edges are patched next, from what patches have shown so far.
///
/// A new strategy is a file in `Strategies` and a line in ``all``.
public struct PatchStrategy: Sendable {
  /// The name on the command line.
  public let name: String
  /// What it chooses.
  public let summary: String
  /// Whether edges that were not patched get the effect that the fit predicts; otherwise they keep their scores.
  public let predicts: Bool
  /// Chooses so many of the open edges, fewer than which there are not, each once.
  let choose: @Sendable (_ count: Int, _ known: EdgeVerification) -> [Int]

  /// Describes a strategy.
  ///
  /// - Parameters:
  ///   - name: The name on the command line.
  ///   - summary: What it chooses.
  ///   - predicts: Whether edges that were not patched get the effect that the fit predicts.
  ///   - choose: Chooses as many of the open edges as it is asked for, each once; the outcome follows from what it is
  ///     given alone.
  init(
    _ name: String, _ summary: String, predicts: Bool = true,
    choose: @escaping @Sendable (_ count: Int, _ known: EdgeVerification) -> [Int]
  ) {
    self.name = name
    self.summary = summary
    self.predicts = predicts
    self.choose = choose
  }

  /// All strategies, the plainest first.
  public static let all: [PatchStrategy] = [greedy, refit, linUCB, cnml, diverse]

  /// The strategy of a name; nil when there is none.
  public init?(named name: String) {
    guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}
