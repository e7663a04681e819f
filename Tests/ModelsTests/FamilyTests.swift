import Engine
import Files
import Foundation
import Graphs
import Models
import Tensors
import TestSupport
import Testing

/// Families without reference scores: logits that transformers finds, and the laws of both engines.
@Suite struct FamilyTests {
  static let names = [
    "falcon", "falcon_multi_query", "gpt2_inverse", "gpt_neo", "granite", "mistral", "olmo", "phi3",
    "smollm3", "stablelm", "stablelm_parallel", "starcoder2",
  ]

  /// A checkpoint, its prompts, and other prompts of the same lengths.
  private struct Family {
    let model: Transformer
    let clean: TokenBatch
    let corrupted: TokenBatch
    let logits: Tensor

    init(_ name: String) throws {
      let file = try Golden("models/" + name, "logits")
      model = try file.model
      logits = try file.tensor("logits")
      let (tokens, lengths) = (try file.integers("tokens"), try file.integers("lengths"))
      var start = 0
      let prompts = lengths.map { length in
        defer { start += Int(length) }
        return Array(tokens[start..<(start + Int(length))])
      }
      clean = TokenBatch(prompts)
      corrupted = TokenBatch(
        prompts.map { $0.map { ($0 * 5 + 3) % Int32(file.vocabulary) } })
    }

    var rows: [Int32] { Array(0..<Int32(clean.tokens.count)) }

    func run(_ mask: EdgeMask) -> MaskedRun {
      MaskedRun(
        model, batch: clean, mask: mask,
        ablated: PlainRun(model, batch: corrupted).forward().writes)
    }
  }

  @Test(arguments: names) func `logits are those of transformers`(name: String) throws {
    let family = try Family(name)
    expectClose(
      family.model.logits(family.clean, rows: family.rows), family.logits, relative: 1e-5, name)
  }

  @Test(arguments: names) func `masks of one and of zero are the two runs`(name: String) throws {
    let family = try Family(name)
    let graph = family.model.graph
    for (value, batch) in [(1, family.clean), (0, family.corrupted)] as [(Float, TokenBatch)] {
      expectClose(
        family.run(EdgeMask(value, graph: graph)).forward(rows: family.rows).logits,
        family.model.logits(batch, rows: family.rows), relative: 1e-5, "\(name) \(value)")
    }
  }

  @Test(arguments: names) func `the fast path is the gradient at one`(name: String) throws {
    let family = try Family(name)
    let graph = family.model.graph
    let dlogits = Tensor.random(
      [family.clean.promptCount, family.model.configuration.vocabularySize], seed: 9)
    let plain = PlainRun(family.model, batch: family.clean)
    let clean = plain.taped()
    var fast = Sums(count: graph.writerCount * graph.readerCount)
    plain.contract(
      clean.writes - PlainRun(family.model, batch: family.corrupted).forward().writes,
      with: plain.backward(dlogits, clean.tape), graph: graph, into: &fast)
    let run = family.run(EdgeMask(1, graph: graph))
    let gradient = run.backward(dlogits, run.taped().tape, wanting: .mask).masks[0]
    let edges = graph.edgeOffsets
    expectClose(
      edges.map { fast.values()[$0] }, edges.map { gradient[$0] }, relative: 1e-4, name)
  }

  @Test(arguments: names) func `mask gradients are slopes`(name: String) throws {
    let family = try Family(name)
    let graph = family.model.graph
    let dlogits = Tensor.random(
      [family.clean.promptCount, family.model.configuration.vocabularySize], seed: 9)
    var generator = SeededGenerator(seed: 4)
    let values = (0..<(graph.writerCount * graph.readerCount)).map { _ in
      Float.random(in: 0.2...0.8, using: &generator)
    }
    let run = { (mask: Tensor) in family.run(EdgeMask(mask.values(), graph: graph)) }
    let mask = Tensor(values, shape: [values.count])
    let taped = run(mask).taped()
    let existing = EdgeMask(1, graph: graph).values()
    let gradient = zip(
      run(mask).backward(dlogits, taped.tape, wanting: .mask).masks[0], existing
    ).map { Float($0) * $1 }
    expectGradient(
      Tensor(gradient, shape: mask.shape), of: { run($0).forward().logits }, at: mask, dy: dlogits,
      // Long steps cross the corners where values are cut off.
      step: family.model.configuration.layers[0].inputLimit == nil ? 2e-3 : 2e-4, tolerance: 5e-3,
      name)
  }
}

extension Golden {
  /// The tokens of the small checkpoints.
  fileprivate var vocabulary: Int { 37 }
}
