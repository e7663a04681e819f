/// What a user may set for a method.
public struct MethodOptions: Sendable, Equatable {
  /// Points of an integral.
  public var steps: Int
  /// Where the points lie.
  public var rule: AttributionPatching.Rule

  /// Options with the published defaults.
  public init(steps: Int = 5, rule: AttributionPatching.Rule = .left) {
    self.steps = steps
    self.rule = rule
  }
}

/// A method as the command lists it.
public struct MethodEntry: Sendable {
  /// The name on the command line and in files.
  public let name: String
  /// What it is, with its paper.
  public let summary: String
  /// What it costs in passes over the prompts.
  public let cost: String
  /// Makes the method from what the user has set.
  public let make: @Sendable (MethodOptions) -> any DiscoveryMethod
}

/// The known methods.
public enum Methods {
  /// All methods, the default first.
  public static let all: [MethodEntry] = [
    MethodEntry(
      name: "eap", summary: "edge attribution patching (arXiv 2310.10348)",
      cost: "2 forward, 1 backward", make: { _ in AttributionPatching.plain }),
    MethodEntry(
      name: "eap-ig",
      summary: "edge attribution patching with integrated gradients (arXiv 2403.17806)",
      cost: "2 + steps forward, steps backward",
      make: { AttributionPatching.integrated(steps: $0.steps, rule: $0.rule) }),
    MethodEntry(
      name: "exact", summary: "activation patching of every edge by itself",
      cost: "1 forward for each edge", make: { _ in ExactPatching() }),
  ]

  /// The method of a name.
  ///
  /// - Throws: ``MethodError/unknownMethod(_:known:)``.
  public static func named(_ name: String) throws(MethodError) -> MethodEntry {
    guard let entry = all.first(where: { $0.name == name }) else {
      throw .unknownMethod(name, known: all.map(\.name))
    }
    return entry
  }
}
