public import ArgumentParser
public import Edgewise

extension AblationScheme.Granularity: ExpressibleByArgument {}
extension AblationScheme.Part: ExpressibleByArgument {}
extension AblatedPositions: ExpressibleByArgument {
  /// Reads the positions of an option.
  public init?(argument: String) { self.init(argument) }
}

/// The choices of method that a circuit's score depends on.
struct SchemeOptions: ParsableArguments {
  @Option(help: "What an ablated edge carries. (default: as in the discovery)")
  var ablation: Ablation?

  @Option(help: "Whether edges or whole nodes are ablated.")
  var granularity: AblationScheme.Granularity = .edges

  @Option(
    help: """
      Whether everything outside of the circuit is ablated (complement), or the circuit itself. \
      Completeness and minimality have their own.
      """)
  var part: AblationScheme.Part = .complement

  @Option(
    parsing: .unconditional,
    help: """
      At which tokens of each prompt: all, or a list of numbers (negative from the end), ranges \
      such as 3-5, last, and changed, where the prompts of a pair differ.
      """)
  var positions: AblatedPositions = .all

  func scheme(_ discovery: Discover?) -> AblationScheme {
    AblationScheme(
      ablation ?? discovery?.method.edges.ablation ?? .resample, granularity: granularity,
      part: part, positions: positions)
  }
}
