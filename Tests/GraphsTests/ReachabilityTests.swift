import Graphs
import Testing

@Suite struct ReachabilityTests {
  private let graph = ComputationGraph(layerCount: 2, headCount: 2, dModel: 8)

  private func graph(_ coupling: HeadCoupling) -> ComputationGraph {
    ComputationGraph(layerCount: 2, headCount: 2, headCoupling: coupling, dModel: 8)
  }

  private func takes(_ names: [String]) throws -> Reachability.Takes {
    let circuit = try #require(Circuit(names.compactMap { Edge($0) }, graph: graph))
    let mask = EdgeMask(circuit)
    return { reader, writer in mask[writer: writer, reader: reader] != 0 }
  }

  private func writers(_ walk: Reachability) -> [String] {
    graph.writers.enumerated().filter { walk.writers[$0.offset] }.map(\.element.description)
  }

  private func readers(_ walk: Reachability) -> [String] {
    graph.readers.enumerated().filter { walk.readers[$0.offset] }.map(\.element.description)
  }

  private let edges = [
    "input->a0.h0<k>", "a0.h0->m0", "a0.h1->m0", "m0->m1", "m1->logits", "input->a1.h1<q>",
  ]

  @Test func `what depends on a writer lies ahead of it`() throws {
    var start = [Bool](repeating: false, count: graph.writerCount)
    start[0] = true
    let walk = Reachability(from: start, in: graph, along: try takes(edges))
    #expect(writers(walk) == ["input", "a0.h0", "m0", "a1.h1", "m1"])
    #expect(readers(walk) == ["a0.h0<k>", "m0", "a1.h1<q>", "m1", "logits"])
  }

  @Test func `what depends on a reader lies ahead of it, itself included`() throws {
    let value = try #require(Reader("a0.h1<v>"))
    let start = graph.readers.map { $0 == value }
    let walk = Reachability(readers: start, in: graph, along: try takes(edges))
    #expect(writers(walk) == ["a0.h1", "m0", "m1"])
    #expect(readers(walk) == ["a0.h1<v>", "m0", "m1", "logits"])
  }

  @Test func `what logits depend on lies behind them`() throws {
    let walk = Reachability(toLogitsOf: graph, along: try takes(edges))
    #expect(writers(walk) == ["input", "a0.h0", "a0.h1", "m0", "m1"])
    // A head matters, so all of its readers do.
    #expect(
      readers(walk) == [
        "a0.h0<q>", "a0.h1<q>", "a0.h0<k>", "a0.h1<k>", "a0.h0<v>", "a0.h1<v>", "m0", "m1",
        "logits",
      ])
  }

  @Test func `heads that share a norm depend on each other's readers`() throws {
    let query = try #require(Reader("a0.h1<q>"))
    let start = graph.readers.map { $0 == query }
    let ahead = { (coupling: HeadCoupling) in
      Reachability(
        readers: start, in: graph(coupling), along: try takes(["a0.h0->a1.h0<k>"]))
    }
    #expect(try writers(ahead(.none)) == ["a0.h1"])
    #expect(try readers(ahead(.none)) == ["a0.h1<q>"])
    #expect(try writers(ahead(.writes)) == ["a0.h0", "a0.h1", "a1.h0", "a1.h1"])
    #expect(try readers(ahead(.writes)) == ["a0.h1<q>", "a1.h0<k>"])
    #expect(
      try readers(ahead(.inputs)) == ["a0.h0<q>", "a0.h1<q>", "a1.h0<k>", "a1.h1<k>"])
    let behind = { (coupling: HeadCoupling) in
      Reachability(toLogitsOf: graph(coupling), along: try takes(["a1.h0->logits"]))
    }
    #expect(try writers(behind(.none)) == ["a1.h0"])
    for coupling in [HeadCoupling.writes, .inputs] {
      #expect(try writers(behind(coupling)) == ["a1.h0", "a1.h1"])
      #expect(try readers(behind(coupling)).count == 7)
    }
  }

  @Test func `without edges only the start is found`() throws {
    let none: Reachability.Takes = { _, _ in false }
    #expect(readers(Reachability(toLogitsOf: graph, along: none)) == ["logits"])
    #expect(writers(Reachability(toLogitsOf: graph, along: none)).isEmpty)
    #expect(writers(Reachability(in: graph, along: none)).isEmpty)
    #expect(readers(Reachability(in: graph, along: none)).isEmpty)
    #expect(writers(Reachability(all: graph)).count == graph.writerCount)
  }
}
