import Engine
import Evaluation
import Graphs
import Tensors
import TestSupport
import Testing

/// Edges whose sign depends on which prompts there are count as nothing.
@Suite struct SignTests {
  private let graph = ThreeEdgeModel.model.graph

  private func parts(_ values: [(steady: Float, wavering: Float)]) -> [EdgeScores] {
    values.map { EdgeScores(["input->m0": $0.steady, "input->logits": $0.wavering], graph: graph) }
  }

  @Test func `steady signs stay, with their means, and wavering ones go`() throws {
    let parts = parts((0..<20).map { ($0 % 2 == 0 ? -1 : -3, $0 % 2 == 0 ? 5 : -4.5) })
    let found = EdgeScores(signConsistent: parts, share: 0.95)
    let edges = ["input->m0", "input->logits"].compactMap { Edge($0) }
    #expect(edges.map { found[$0] } == [-2, 0])
    #expect(EdgeScores(signConsistent: parts, share: 0.95) == found)
    // What half of the draws agree on is enough where that is all that is asked for.
    let lenient = EdgeScores(signConsistent: parts, share: 0.1)
    #expect(lenient == EdgeScores(meanOf: parts))
  }

  @Test func `one prompt against many wavers as often as it is drawn`() {
    // Without the one prompt, in a share of 1/e of the draws, the sign is the other.
    let parts = parts((0..<50).map { (1, $0 == 0 ? 100 : -1) })
    let edge = Edge(.input, .logits)
    #expect(EdgeScores(signConsistent: parts, share: 0.9)[edge] == 0)
    #expect(EdgeScores(signConsistent: parts, share: 0.55)[edge] > 0)
  }
}
