/// How often a method runs the prompts of a task; parts of runs count as whole ones.
public struct PassCount: Sendable, Equatable {
  /// Forward passes.
  public let forward: Double
  /// Backward passes.
  public let backward: Double

  /// Takes two counts.
  public init(_ forward: some BinaryInteger, _ backward: some BinaryInteger) {
    self.init(forward: Double(forward), backward: Double(backward))
  }

  /// Takes two counts, of which parts of runs can be a part.
  public init(forward: Double, backward: Double) {
    self.forward = forward
    self.backward = backward
  }
}

/// A method as the command lists it.
public struct MethodEntry: Sendable {
  /// The name on the command line and in files.
  public let name: String
  /// What it is.
  public let summary: String
  /// Where it was published: an arXiv id, or nothing.
  public let paper: String
  /// What it costs in passes over the prompts, in words.
  public let cost: String
  /// The metric that it was published with; nil for the task's own.
  public let metric: String?
  /// Its options.
  public let options: [any MethodOptionDescription]
  /// Values that give every edge a rank, for a comparison that sets none: by option, as they are written.
  public let ranking: [String: String]
  /// Whether it integrates gradients from corrupted to clean inputs: scores of edges out of `input` then sum up to what
  /// all inputs together change, once the integral has converged.
  public let integratesInputs: Bool
  /// Whether it asks for scores at each span of the prompts.
  public let isPositional: Bool
  /// Whether its runs are masked ones, which take more memory.
  public let isMasked: Bool
  /// Whether its scores are in units of the metric, and not chances, ranks or lengths.
  public let scoresEffects: Bool
  /// Bytes that it holds beside a batch and the scores.
  public let bytes: @Sendable (MethodOptions, DiscoveryProblem) -> Int
  /// What it costs in passes over the prompts of a problem; tests, where it tests edge by edge.
  public let passes: @Sendable (MethodOptions, DiscoveryProblem) -> PassCount
  /// Makes the method from what the user has set.
  public let make: @Sendable (MethodOptions) -> any DiscoveryMethod

  /// Describes a method; see the properties.
  public init(
    name: String, summary: String, paper: String, cost: String, metric: String? = nil,
    options: [any MethodOptionDescription] = [], ranking: [String: String] = [:],
    integratesInputs: Bool = false, isPositional: Bool = false, isMasked: Bool = false,
    scoresEffects: Bool = true,
    bytes: @escaping @Sendable (MethodOptions, DiscoveryProblem) -> Int = { _, _ in 0 },
    passes: @escaping @Sendable (MethodOptions, DiscoveryProblem) -> PassCount,
    make: @escaping @Sendable (MethodOptions) -> any DiscoveryMethod
  ) {
    self.name = name
    self.summary = summary
    self.paper = paper
    self.cost = cost
    self.metric = metric
    self.options = options
    self.ranking = ranking
    self.integratesInputs = integratesInputs
    self.isPositional = isPositional
    self.isMasked = isMasked
    self.scoresEffects = scoresEffects
    self.bytes = bytes
    self.passes = passes
    self.make = make
  }
}
