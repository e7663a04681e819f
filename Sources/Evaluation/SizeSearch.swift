import Graphs
import Tasks

/// The circuits of one order by their sizes, edges of equal scores taken up together.
struct SizeLadder {
  let order: EdgeOrder
  let graph: ComputationGraph
  /// The places of all edges, in order.
  private let offsets: [Int]
  /// The numbers of edges at which no edge is left out that scores as the last one, ascending.
  let sizes: [Int]

  /// nil when all scores are equal.
  init?(_ scores: EdgeScores, _ order: EdgeOrder) {
    guard scores.tellsEdgesApart(by: order.ranking) else { return nil }
    let offsets = scores.ordered(by: order.ranking, order: order.order)
    let keys = offsets.map { scores.key($0, order.ranking) }
    sizes = offsets.indices.map { $0 + 1 }.filter { $0 == keys.count || keys[$0] != keys[$0 - 1] }
    (self.order, self.offsets, graph) = (order, offsets, scores.graph)
  }

  /// Places among ``sizes``: for 1, 4, 16 … the first that is as large, and the last.
  var rungs: [Int] {
    var (places, size): ([Int], Int) = ([], 1)
    for (place, found) in sizes.enumerated() where found >= size || place == sizes.count - 1 {
      places.append(place)
      while size <= found { size *= 4 }
    }
    return places
  }

  func circuit(at place: Int) -> Circuit {
    Circuit(offsets: offsets.prefix(sizes[place]), graph: graph).pruned()
  }
}

/// Measures circuits of several orders until the smallest that keeps a share is known.
struct SizeSearch {
  /// How far below a share a faithfulness may be: a masked run of the whole model differs from the plain one
  /// by rounding.
  static let rounding = 1e-4
  /// Sizes that differ by less than one in so many are as good as equal.
  static let closeness = 50
  /// How many rungs of each ladder are measured together.
  private static let rungsPerPass = 4
  /// How many mask entries the circuits of one pass may have, 256 MB.
  private static let maskLimit = 1 << 26

  let evaluation: CircuitEvaluation
  let share: Double
  let progress: RunProgress.Handler
  private var measured: [[Int]: Faithfulness] = [:]
  private var passes = 0

  init(evaluation: CircuitEvaluation, share: Double, progress: @escaping RunProgress.Handler) {
    (self.evaluation, self.share, self.progress) = (evaluation, share, progress)
  }

  /// A circuit that was measured.
  struct Step {
    let order: EdgeOrder
    /// The edges before pruning.
    let edgeCount: Int
    let circuit: Circuit
    let faithfulness: Faithfulness
  }

  /// Two places of a ladder: the circuit of one keeps the share, that of the other does not.
  private struct Gap {
    let ladder: SizeLadder
    /// −1 below the smallest circuit.
    var low: Int
    /// The edges of the circuit at ``low``.
    var lowCount: Int
    var high: Int
    var enough: Step

    /// The next place to try; nil when the two are neighbours, or their sizes as good as equal.
    var middle: Int? {
      let (below, above) = (low < 0 ? 0 : ladder.sizes[low], ladder.sizes[high])
      guard high - low > 1, (above - below) * SizeSearch.closeness > above else { return nil }
      return (low + high) / 2
    }
  }

  /// The smallest circuit that keeps the share, or the most faithful one.
  mutating func best(of ladders: [SizeLadder]) -> (step: Step, isEnough: Bool) {
    var (gaps, scans) = climb(ladders)
    narrow(&gaps)
    if let best = gaps.map(\.enough).enumerated().min(by: {
      ($0.element.circuit.edgeCount, $0.offset) < ($1.element.circuit.edgeCount, $1.offset)
    }) {
      return (best.element, true)
    }
    let highest = scans.indices.max {
      // A NaN comes before every number; of equals the first is taken.
      let (one, other) = (scans[$0].faithfulness.value, scans[$1].faithfulness.value)
      return one < other || one.isNaN && !other.isNaN || one == other && $0 > $1
    }
    return (scans[highest ?? 0], false)
  }

  /// Climbs all ladders together, some rungs in each pass, until one of them keeps the share.
  private mutating func climb(_ ladders: [SizeLadder]) -> (gaps: [Gap], scans: [Step]) {
    var scans: [Step] = []
    var lower = [Step?](repeating: nil, count: ladders.count)
    let rungs = ladders.map(\.rungs)
    let height = rungs.map(\.count).max() ?? 0
    for bottom in stride(from: 0, to: height, by: Self.rungsPerPass) {
      let some = rungs.map { Array($0.dropFirst(bottom).prefix(Self.rungsPerPass)) }
      let found = steps(
        zip(ladders, some).flatMap { ladder, places in places.map { (ladder, $0) } })
      scans += found
      var (gaps, start): ([Gap], Int) = ([], 0)
      for (index, places) in some.enumerated() {
        let scan = Array(found[start..<(start + places.count)])
        start += places.count
        if let first = scan.firstIndex(where: keepsShare) {
          let below = first > 0 ? scan[first - 1] : lower[index]
          let place = bottom + first
          gaps.append(
            Gap(
              ladder: ladders[index], low: place == 0 ? -1 : rungs[index][place - 1],
              lowCount: below?.circuit.edgeCount ?? 0, high: rungs[index][place],
              enough: scan[first]))
        }
        lower[index] = scan.last ?? lower[index]
      }
      if !gaps.isEmpty { return (gaps, scans) }
    }
    return ([], scans)
  }

  private func keepsShare(_ step: Step) -> Bool {
    step.faithfulness.value >= share - Self.rounding
  }

  /// Halves gaps until they are closed or cannot have the smallest circuit.
  private mutating func narrow(_ gaps: inout [Gap]) {
    while true {
      let least = gaps.map(\.enough.circuit.edgeCount).min() ?? 0
      // What lies between has more edges than the circuit at the lower end.
      let open = gaps.indices.filter { gaps[$0].middle != nil && gaps[$0].lowCount + 1 < least }
      guard !open.isEmpty else { return }
      let middles = open.map { (gaps[$0].ladder, gaps[$0].middle ?? 0) }
      for ((gap, middle), step) in zip(zip(open, middles.map(\.1)), steps(middles)) {
        if keepsShare(step) {
          (gaps[gap].high, gaps[gap].enough) = (middle, step)
        } else {
          (gaps[gap].low, gaps[gap].lowCount) = (middle, step.circuit.edgeCount)
        }
      }
    }
  }

  /// Circuits and their faithfulness; those that were measured before are not run again.
  private mutating func steps(_ places: [(ladder: SizeLadder, place: Int)]) -> [Step] {
    let circuits = places.map { $0.ladder.circuit(at: $0.place) }
    var new: [Circuit] = []
    for circuit in circuits where measured[circuit.offsets] == nil && !new.contains(circuit) {
      new.append(circuit)
    }
    measure(new)
    return zip(places, circuits).compactMap { place, circuit in
      measured[circuit.offsets].map {
        Step(
          order: place.ladder.order, edgeCount: place.ladder.sizes[place.place], circuit: circuit,
          faithfulness: $0)
      }
    }
  }

  /// Runs circuits, as many together as masks have room for.
  private mutating func measure(_ circuits: [Circuit]) {
    guard let graph = circuits.first?.graph else { return }
    let limit = max(Self.maskLimit / (graph.writerCount * graph.readerCount), 1)
    for start in stride(from: 0, to: circuits.count, by: limit) {
      let some = Array(circuits[start..<min(start + limit, circuits.count)])
      passes += 1
      let (pass, progress) = (passes, progress)
      let found = evaluation.faithfulness(of: some, by: [evaluation.task.metric]) {
        progress(
          RunProgress("trying circuit sizes, pass \(pass)", done: $0.done, total: $0.total))
      }
      for (circuit, found) in zip(some, found) { measured[circuit.offsets] = found[0] }
    }
  }
}
