public import ArgumentParser
public import Edgewise
import Foundation

extension AttributionPatching.Rule: ExpressibleByArgument {}
extension Ablation: ExpressibleByArgument {}

/// The method and what it needs to know.
struct MethodChoice: ParsableArguments {
  @Option(help: "One of \(DiscoveryMethods.all.map(\.name).joined(separator: ", ")).")
  var method: String = DiscoveryMethods.all[0].name

  @Option(help: "A run or circuit file: exact patches only the edges of its circuit.")
  var among: String?

  @OptionGroup var settings: MethodSettings
  @OptionGroup var edges: EdgeChoice

  var description: String {
    settings.description(of: method) + (among.map { " among the edges of \($0)" } ?? "")
  }

  func validate() throws {
    guard among == nil || method == "exact" else {
      throw ValidationError("--among goes with --method exact, found \(method).")
    }
    guard settings.tau == nil || method == "acdc" else {
      throw ValidationError("--tau goes with --method acdc, found \(method).")
    }
  }

  /// This choice with the file of edges named by its whole path.
  ///
  /// - Parameter directory: What a relative path is relative to.
  /// - Returns: The choice.
  func absolute(in directory: URL) -> MethodChoice {
    var choice = self
    choice.among = among.map { URL(filePath: $0, relativeTo: directory).standardizedFileURL.path }
    return choice
  }

  /// The options, with the edges that are named.
  ///
  /// - Throws: ``Failure`` when the file names no circuit of the graph.
  func options(seed: UInt64, _ graph: ComputationGraph, _ model: Transformer) throws
    -> MethodOptions
  {
    var options = settings.options(seed: seed)
    guard let among else { return options }
    guard let circuit = try EvaluationSource.contents(URL(filePath: among), model).circuit else {
      throw Failure("\(among): expected a circuit for --among, and the file has scores only.")
    }
    guard circuit.graph == graph else {
      throw Failure("\(among): it groups keys and values in another way than this run does.")
    }
    options.edges = circuit.edges
    return options
  }

  /// The hashes of the file that names the edges; empty without one.
  ///
  /// - Throws: ``Failure`` when it cannot be read.
  func amongFiles() throws -> [String: String] {
    try among.map { try fileHashes(of: EvaluationSource.circuitFile(URL(filePath: $0))) } ?? [:]
  }

  func entry() throws -> MethodEntry { try DiscoveryMethods.named(method) }
}

/// Which edges there are and what absent ones carry.
struct EdgeChoice: ParsableArguments {
  @Option(help: "What an ablated edge carries.")
  var ablation: Ablation = .resample

  @Flag(help: "Give heads that share a key or value one reader for it.")
  var groupKeyValues = false
}

/// What methods need to know.
struct MethodSettings: ParsableArguments {
  @Option(parsing: .unconditional, help: "Points of the integral of eap-ig and eap-ig-activations.")
  var steps: Int = 5

  @Option(
    help:
      "Where those points lie: left, right or midpoint. (default: as published, left for eap-ig)")
  var rule: AttributionPatching.Rule?

  @Option(
    parsing: .unconditional,
    help: """
      Rises of the loss that acdc lets pass, one or several with commas. (default: 0.01; in compare eleven \
      from 0.00001 to 1)
      """)
  var tau: String?

  @Flag(help: "Let acdc also keep edges whose ablation lowers the loss by τ.")
  var absolute = false

  @Option(parsing: .unconditional, help: "How many batches of prompts sp runs to train its mask.")
  var trainSteps: Int = 300

  @Option(parsing: .unconditional, help: "How far each step of sp moves.")
  var learningRate: Double = 0.1

  @Option(
    parsing: .unconditional,
    help: """
      What sp pays for keeping everything, in units of what full model and empty circuit differ by.
      """)
  var sparsity: Double = 1

  /// The options of a method.
  ///
  /// - Parameters:
  ///   - seed: Where random choices start.
  ///   - thresholds: Those of ACDC when none are given.
  /// - Returns: The options.
  func options(seed: UInt64, thresholds: [Double] = [0.01]) -> MethodOptions {
    MethodOptions(
      steps: steps, rule: rule, thresholds: given ?? thresholds, usesMagnitude: absolute,
      training: TrainingSettings(
        steps: trainSteps, learningRate: learningRate, sparsity: sparsity, seed: seed))
  }

  /// The thresholds of --tau; nil without it.
  private var given: [Double]? { tau.flatMap(Self.thresholds) }

  private static func thresholds(_ text: String) -> [Double]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    let thresholds = parts.compactMap(\.self)
    return thresholds.count == parts.count && thresholds.allSatisfy { $0 > 0 && $0.isFinite }
      ? thresholds : nil
  }

  /// A method's name with the options that it heeds.
  ///
  /// - Parameters:
  ///   - method: The name.
  ///   - thresholds: What is said of ACDC's thresholds when none are given.
  /// - Returns: Name and options.
  func description(of method: String, thresholds: String = "τ 0.01") -> String {
    let points = { (usual: AttributionPatching.Rule) in
      "\(method) with \(steps) steps, \((rule ?? usual).rawValue) rule"
    }
    switch method {
    case "eap-ig": return points(.left)
    case "eap-ig-activations": return points(.right)
    case "acdc":
      return "acdc with \(tau.map { "τ \($0)" } ?? thresholds)" + (absolute ? ", by magnitude" : "")
    case "sp", "sp-edges":
      return "\(method) with \(trainSteps) steps of \(learningRate), sparsity \(sparsity)"
    default: return method
    }
  }

  func validate() throws {
    for (name, count) in [("--steps", steps), ("--train-steps", trainSteps)]
    where !(1...1_000_000).contains(count) {
      throw ValidationError("\(name) should be from 1 to 1000000, found \(count).")
    }
    if let tau, Self.thresholds(tau) == nil {
      throw ValidationError(
        """
        --tau should be one or several positive numbers with commas between them, such as 0.01 or \
        0.001,0.01,0.1; found "\(tau)".
        """)
    }
    guard learningRate > 0, learningRate.isFinite else {
      throw ValidationError("--learning-rate should be more than 0, found \(learningRate).")
    }
    guard sparsity >= 0, sparsity.isFinite else {
      throw ValidationError("--sparsity should be 0 or more, found \(sparsity).")
    }
  }
}
