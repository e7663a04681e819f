import Graphs
import Engine
import Models
import Tensors

/// A behaviour that can be written into a transformer by hand.
///
/// A new one is a file here and a line in ``PlantedCircuits``.
protocol PlantedCircuit: BuiltInTask {
  /// Slots of the residual stream that it needs besides token and position.
  static var slotCount: Int { get }
  /// For each of its nodes in order, how many layers lie between it and the one before, at least.
  static var depths: [Int] { get }

  init()

  /// Writes the heads and MLPs, at given places, and returns the edges through which the prompts' differences
  /// reach the logits.
  ///
  /// - Parameters:
  ///   - writer: What they are written with.
  ///   - places: A layer and head for each node, as deep as demanded.
  /// - Returns: The true edges, for resampling.
  static func write(
    with writer: inout CircuitWriter, at places: [(layer: Int, index: Int)]
  ) -> [Edge]
}

/// Transformers with circuits written by hand, of any size and with noise around them.
public enum PlantedCircuits {
  private static let all: [any PlantedCircuit.Type] = [
    PlantedCopy.self, PlantedInduction.self, PlantedTwoHops.self, PlantedOrGate.self,
    PlantedTwoWays.self, PlantedCancellation.self,
  ]

  /// The names of all planted circuits.
  public static var names: [String] { all.map { $0.init().name } }
  /// What each of them does, in a line, by the order of their names.
  public static var summaries: [String] { all.map { $0.init().summary } }

  /// How large a transformer is and what stands around its circuit.
  public struct Options: Sendable {
    /// How many layers there are.
    public var layerCount = 3
    /// How many heads each layer has.
    public var headCount = 4
    /// How many tokens there are, more than 12.
    public var vocabularySize = 24
    /// All other weights are uniform between −noise and noise.
    public var noise: Float = 0.02
    /// How much a key that matches stands out, before the softmax; from about 20 on attention is saturated.
    public var sharpness: Float = 8
    /// Where the random choices start: the places of the circuit's nodes, and the noise.
    public var seed: UInt64 = 0

    /// Options for a model of three layers and four heads with some noise.
    public init() {}
  }

  /// Writes a circuit into a transformer; the truth is that of resampling.
  ///
  /// - Parameters:
  ///   - name: One of ``names``.
  ///   - options: How large the transformer is.
  /// - Returns: The model, its prompts and the true circuit.
  /// - Throws: ``TaskError`` for an unknown name, or sizes into which the circuit does not fit.
  public static func named(
    _ name: String, options: Options = Options()
  ) throws(TaskError) -> KnownCircuit {
    guard let circuit = all.first(where: { $0.init().name == name }) else {
      throw .unknownName(kind: "planted circuit", name, known: names)
    }
    let least = circuit.depths.reduce(1, +)
    guard options.layerCount >= least, options.headCount >= 2, options.vocabularySize > 12,
      options.noise >= 0, options.sharpness > 0
    else {
      throw .unsuitableModel(
        task: name,
        reason: """
          it needs \(least) layers, 2 heads and 13 tokens or more, found \(options.layerCount), \
          \(options.headCount) and \(options.vocabularySize)
          """)
    }
    return make(circuit, options)
  }

  private static func make(
    _ circuit: any PlantedCircuit.Type, _ options: Options
  ) -> KnownCircuit {
    var writer = CircuitWriter(
      CircuitWriter.Sizes(
        layerCount: options.layerCount, headCount: options.headCount,
        vocabularySize: options.vocabularySize, contextLength: 16, noise: options.noise,
        sharpness: options.sharpness, seed: options.seed), slotCount: 2 + circuit.slotCount)
    let edges = circuit.write(with: &writer, at: places(circuit.depths, options))
    let prompts = circuit.init()
    let model = writer.transformer(
      name: prompts.name, logits: 1 + circuit.slotCount, gain: 10)
    guard let truth = Circuit(edges, graph: model.graph) else {
      preconditionFailure("\(prompts.name) names an edge that its graph does not have")
    }
    return KnownCircuit(model: model, prompts: prompts, truths: [.resample: truth])
  }

  /// A layer and a head for each node: no two the same, each as far above the one before as demanded.
  private static func places(
    _ depths: [Int], _ options: Options
  ) -> [(layer: Int, index: Int)] {
    var generator = SeededGenerator(seed: options.seed &+ 1)
    var places: [(layer: Int, index: Int)] = []
    var spare = options.layerCount - depths.reduce(1, +)
    var layer = 0
    for depth in depths {
      let skipped = Int.random(in: 0...spare, using: &generator)
      // A node beside the one before stays in its layer.
      if depth > 0 || places.isEmpty {
        layer += depth + skipped
        spare -= skipped
      }
      let free = (0..<options.headCount).filter { index in
        !places.contains { $0 == (layer, index) }
      }
      places.append((layer, free[Int.random(in: 0..<free.count, using: &generator)]))
    }
    return places
  }
}

/// Random tokens for planted circuits.
struct PlantedPrompts {
  private var generator: SeededGenerator
  private let tokenCount: Int

  init(seed: UInt64, _ model: Transformer) {
    generator = SeededGenerator(seed: seed)
    tokenCount = model.configuration.vocabularySize
  }

  /// Different random tokens.
  mutating func tokens(_ count: Int, without others: [Int32] = []) -> [Int32] {
    var tokens: [Int32] = []
    while tokens.count < count {
      let token = Int32(Int.random(in: 0..<tokenCount, using: &generator))
      if !tokens.contains(token), !others.contains(token) { tokens.append(token) }
    }
    return tokens
  }

  /// A random place.
  mutating func place(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
}
