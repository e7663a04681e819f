import Graphs
import Testing

@Suite struct EdgeMaskTests {
  private let graph = ComputationGraph(layerCount: 2, headCount: 2, dModel: 8)

  /// A different number for every pair of a writer and a reader.
  private var matrix: [Float] {
    (0..<(graph.writerCount * graph.readerCount)).map { Float($0 + 1) }
  }

  @Test func `matrix order is kept, without what is no edge`() {
    let mask = EdgeMask(matrix, graph: graph)
    let edges = Set(graph.edgeOffsets)
    #expect(mask.values() == matrix.indices.map { edges.contains($0) ? matrix[$0] : 0 })
    #expect(EdgeMask(mask.values(), graph: graph) == mask)
    #expect(EdgeMask(columns: mask.columns, graph: graph) == mask)
  }

  @Test func `a reader's column is what it sees of the writers`() {
    var mask = EdgeMask(matrix, graph: graph)
    for reader in 0..<graph.readerCount {
      let column = (0..<graph.visibleWriterCount(ofReader: reader)).map {
        matrix[$0 * graph.readerCount + reader]
      }
      #expect(Array(mask[column: reader]) == column)
      #expect(column.indices.allSatisfy { mask[writer: $0, reader: reader] == column[$0] })
      mask[column: reader] = column.map { -$0 }[...]
    }
    #expect(mask == EdgeMask(matrix.map { -$0 }, graph: graph))
  }

  @Test func `edges are read and set by name`() throws {
    var mask = EdgeMask(1, graph: graph)
    let edge = try #require(Edge("a0.h1->m0"))
    #expect(mask[edge] == 1 && mask.isIntact(inLayer: 0) && mask.isIntact(inLayer: 1))
    mask[edge] = 0.5
    #expect(mask[edge] == 0.5 && !mask.isIntact(inLayer: 0) && mask.isIntact(inLayer: 1))
    #expect(mask[try #require(Edge("m0->m0"))] == 0)
  }

  @Test func `a circuit's mask keeps its edges alone`() throws {
    let circuit = try #require(
      Circuit(["input->m0", "a1.h1->logits"].compactMap { Edge($0) }, graph: graph))
    let mask = EdgeMask(circuit)
    #expect(mask.values().indices.filter { mask.values()[$0] != 0 } == circuit.offsets)
    #expect(EdgeMask(0, graph: graph).columns.allSatisfy { $0 == 0 })
    #expect(EdgeMask(1, graph: graph).columns.count { $0 == 1 } == graph.edgeCount)
  }
}
