public import Graphs
import Engine
import Tasks
import Tensors

/// What a user may set for a method.
public struct MethodOptions: Sendable, Equatable {
  /// Points of an integral.
  public var steps: Int
  /// Where the points lie; nil for where the published code has them.
  public var rule: AttributionPatching.Rule?
  /// The thresholds of ACDC.
  public var thresholds: [Double]
  /// Whether ACDC also keeps edges whose ablation lowers the loss.
  public var usesMagnitude: Bool
  /// How masks are trained.
  public var training: TrainingSettings
  /// The edges that exact patching looks at; nil for all.
  public var edges: [Edge]?

  /// Options with the published defaults.
  public init(
    steps: Int = 5, rule: AttributionPatching.Rule? = nil, thresholds: [Double] = [0.01],
    usesMagnitude: Bool = false, training: TrainingSettings = TrainingSettings(),
    edges: [Edge]? = nil
  ) {
    self.steps = steps
    self.rule = rule
    self.thresholds = thresholds
    self.usesMagnitude = usesMagnitude
    self.training = training
    self.edges = edges
  }
}

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

  init(forward: Double, backward: Double) {
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
  /// The metric that it was published with, where that is not the task's own.
  public var metric: String? = nil
  /// What it costs in passes over the prompts of a problem; tests, where it tests edge by edge.
  public let passes: @Sendable (MethodOptions, DiscoveryProblem) -> PassCount
  /// Makes the method from what the user has set.
  public let make: @Sendable (MethodOptions) -> any DiscoveryMethod
}

/// The known methods.
public enum DiscoveryMethods {
  /// All methods, the default first.
  public static let all: [MethodEntry] = [
    MethodEntry(
      name: "eap", summary: "edge attribution patching", paper: "2310.10348",
      cost: "2 forward, 1 backward", passes: { _, _ in PassCount(2, 1) },
      make: { _ in AttributionPatching.plain }),
    MethodEntry(
      name: "eap-ig", summary: "EAP with integrated gradients, along the input",
      paper: "2403.17806", cost: "2 + steps forward, steps backward",
      passes: { options, _ in PassCount(2 + options.steps, options.steps) },
      make: { AttributionPatching.integrated(steps: $0.steps, rule: $0.rule) }),
    MethodEntry(
      name: "eap-ig-activations",
      summary: "EAP with integrated gradients, along each module's write",
      paper: "2504.13151", cost: "2 + steps · modules forward, steps · modules backward",
      passes: { options, problem in
        let runs = options.steps * (2 * problem.graph.layerCount + 1)
        return PassCount(2 + runs, runs)
      }, make: { AttributionPatching.integrated(along: .modules, steps: $0.steps, rule: $0.rule) }),
    MethodEntry(
      name: "clean-corrupted", summary: "EAP with the mean of clean and corrupted gradients",
      paper: "2403.17806", cost: "3 forward, 2 backward", passes: { _, _ in PassCount(3, 2) },
      make: { _ in AttributionPatching.cleanAndCorrupted }),
    MethodEntry(
      name: "exact", summary: "activation patching of every edge by itself", paper: "",
      cost: "1 forward for each edge",
      passes: { PassCount(2 + ($0.edges?.count ?? $1.graph.edgeCount), 0) },
      make: { ExactPatching(edges: $0.edges) }),
    MethodEntry(
      name: "acdc", summary: "edges ablated one after another while the loss rises by less than τ",
      paper: "2304.14997", cost: "1 forward for each edge and τ", metric: "kl",
      passes: { options, problem in
        PassCount(2 + problem.graph.edgeCount * options.thresholds.count, 0)
      },
      make: { ACDC(thresholds: $0.thresholds, usesMagnitude: $0.usesMagnitude) }),
    MethodEntry(
      name: "hisp", summary: "head importance scores: value · gradient of nodes",
      paper: "1905.10650", cost: "1 forward, 1 backward", passes: { _, _ in PassCount(1, 1) },
      make: { _ in HeadImportance() }),
    MethodEntry(
      name: "hisp-edges", summary: "head importance scores of edges", paper: "1905.10650",
      cost: "1 forward, 1 backward", passes: { _, _ in PassCount(1, 1) },
      make: { _ in HeadImportance(level: .edges) }),
    MethodEntry(
      name: "sp", summary: "subnetwork probing: a trained mask of nodes", paper: "2104.03514",
      cost: "1 forward, 1 backward over a batch for each step",
      passes: { $1.passes(of: $0.training) },
      make: { SubnetworkProbing(level: .nodes, settings: $0.training) }),
    MethodEntry(
      name: "sp-edges", summary: "subnetwork probing: a trained mask of edges", paper: "2104.03514",
      cost: "1 forward, 1 backward over a batch for each step",
      passes: { $1.passes(of: $0.training) },
      make: { SubnetworkProbing(level: .edges, settings: $0.training) }),
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

extension DiscoveryProblem {
  /// A training's passes: each step runs one of the batches.
  fileprivate func passes(of settings: TrainingSettings) -> PassCount {
    let share = Double(settings.steps) / Double(trainingBatches.value.count)
    return PassCount(forward: 2 + share, backward: share)
  }
}
