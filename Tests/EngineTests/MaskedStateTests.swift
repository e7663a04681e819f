import Engine
import Graphs
import Models
import Tensors
import TestSupport
import Testing

/// Runs that start from the state of another run equal runs from nothing.
@Suite struct MaskedStateTests {
  private struct Setting: CustomStringConvertible {
    let family: String
    let grouped: Bool
    let ablation: String
    var description: String { "\(family) \(grouped ? "grouped " : "")\(ablation)" }

    static let all = goldenFamilies.flatMap { family in
      [false, true].flatMap { grouped in
        ["resample", "mean"].map { Setting(family: family, grouped: grouped, ablation: $0) }
      }
    }
  }

  /// Masks from empty to full, among them neighbours that differ in one edge.
  private func masks(_ graph: ComputationGraph) -> [EdgeMask] {
    var generator = SeededGenerator(seed: 7)
    let scores = EdgeScores(
      (0..<(graph.writerCount * graph.readerCount)).map { _ in
        Float.random(in: 0...1, using: &generator)
      }, graph: graph)
    let sparse = [0.0, 0.05, 0.2, 0.6, 1].map {
      EdgeMask(scores.circuit(CircuitSelection(.fraction($0))))
    }
    var neighbours = [sparse[2], sparse[3], sparse[4]]
    for index in neighbours.indices {
      let edge = graph.edge(at: graph.edgeOffsets[(index + 1) * 7])
      neighbours[index][edge] = 1 - neighbours[index][edge]
    }
    return zip(sparse, sparse.reversed()).flatMap { [$0, $1] } + neighbours
  }

  @Test(arguments: Setting.all) private func `a run from any state equals a run from nothing`(
    setting: Setting
  ) throws {
    let golden = try GoldenModel(setting.family)
    let model = golden.model
    let graph = model.graph(groupsKeysAndValues: setting.grouped)
    let ablated = AblatedStream(golden.ablated(by: setting.ablation), model: model)
    let run = { (mask: EdgeMask) in
      MaskedRun(model, batch: golden.clean, mask: mask, ablated: ablated)
    }
    var starts: [MaskedState] = []
    if setting.ablation == "resample" {
      let corrupted = PlainRun(model, batch: golden.corrupted).taped()
      starts.append(
        MaskedState(resampling: corrupted.tape, graph: graph, model: model))
    }
    let clean = PlainRun(model, batch: golden.clean).taped()
    starts.append(
      MaskedState(
        intact: clean, ablated: ablated, graph: graph, model: model))
    for mask in masks(graph) {
      let whole = run(mask).taped().logits
      let fresh = run(mask).forward()
      expectClose(fresh.logits, whole, relative: 1e-5, "\(setting)")
      for start in starts {
        expectClose(run(mask).forward(from: start).logits, whole, relative: 1e-5, "\(setting)")
      }
      // States that hold only what mattered, and whole ones.
      starts.append(fresh.state)
      if starts.count < 5 { starts.append(run(mask).forward(extent: .everyNode).state) }
      if starts.count > 7 { starts.remove(at: 2) }
    }
  }

  @Test func `sums of scattered terms equal their product`() {
    let base = Tensor.random([3, 700], seed: 1)
    let terms = (0..<5).map { Tensor.random([3, 700], seed: 10 + $0) }
    let factors = [Tensor.random([5, 4], seed: 30), Tensor.random([5, 4], seed: 31)]
    // The second row has factors of its own, and one term that all of them leave out.
    var own = factors[1].values()
    own.replaceSubrange(8..<12, with: [0, 0, 0, 0])
    let parts = [factors[0].values(), own]
    let found = Tensor.sums(
      base: base, terms: terms, parts: [(0..<1, parts[0]), (1..<2, own), (2..<3, parts[0])],
      count: 4)
    for row in 0..<3 {
      for output in 0..<4 {
        var expected = base.slice(block: row)
        for (index, term) in terms.enumerated() {
          expected.add(term.slice(block: row), scaledBy: parts[row % 2][4 * index + output])
        }
        expectClose(found.slice(block: output).slice(block: row), expected, relative: 1e-6)
      }
    }
    let nothing = Tensor.sums(base: base, terms: [], parts: [(0..<3, [])], count: 1)
    #expect(nothing.values() == base.values())
  }

  @Test func `blocks of columns`() {
    var x = Tensor((0..<12).map(Float.init), shape: [2, 6])
    #expect(x.gatherColumnBlocks([2, 0], width: 2).values() == [4, 5, 0, 1, 10, 11, 6, 7])
    #expect(x.gatherColumnBlocks([0, 1, 2], width: 2) == x)
    x.replaceColumnBlocks([1], width: 2, with: Tensor([90, 91, 92, 93], shape: [2, 2]))
    #expect(x.values() == [0, 1, 90, 91, 4, 5, 6, 7, 92, 93, 10, 11])
    x.replaceRows([1], with: Tensor(zeros: [1, 6]))
    #expect(x.values() == [0, 1, 90, 91, 4, 5, 0, 0, 0, 0, 0, 0])
    let stacked = Tensor(stacking: [Tensor([1, 2], shape: [2]), Tensor([3, 4], shape: [2])])
    #expect(stacked == Tensor([1, 2, 3, 4], shape: [2, 2]))
  }
}
