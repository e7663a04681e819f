import Files
import Engine
import Evaluation
import Foundation
import Graphs
import Methods
import Models
import Tasks
import Tensors
import TestSupport
import Testing

/// Transformers compiled from known programs: outputs, exact effects and true circuits.
@Suite struct TracrTests {
  static let regimes: [Ablation] = [.resample, .zero]

  @Test(arguments: TracrProgram.names) func `outputs are the program's`(name: String) throws {
    let program = try TracrProgram(name)
    let model = program.known.model
    for (tokens, logits) in [("tokens", "logits"), ("corrupted_tokens", "corrupted_logits")]
      + (1...7).map({ ("length\($0).tokens", "length\($0).logits") })
    where program.golden.file.tensors[tokens] != nil {
      let batch = TokenBatch(try program.golden.prompts(tokens))
      let rows = Array(0..<Int32(batch.tokens.count))
      let expected = try program.golden.tensor(logits)
      let found = model.logits(batch, rows: rows)
      // The logits of the first position mean nothing.
      let isReal = rows.map { batch.positions[Int($0)] > 0 ? Float(1) : 0 }
      expectClose(
        found.scaledRows(by: isReal).values().map(Double.init),
        expected.reshaped(found.shape).scaledRows(by: isReal).values().map(Double.init),
        relative: 1e-5, to: 1, "\(name) \(tokens)")
    }
  }

  @Test(arguments: TracrProgram.names, regimes)
  func `exact patching is the effect of every edge`(name: String, ablation: Ablation) throws {
    let program = try TracrProgram(name)
    let problem = DiscoveryProblem(
      model: program.known.model, task: program.task, ablation: ablation)
    let scores = try ExactPatching().scores(for: problem)
    let effects = try program.golden.tensor("effect.\(ablation).mean_square")
    expectClose(
      scores.values.map(Double.init), effects.values().map(Double.init), relative: 1e-5,
      "\(name) \(ablation)")
    // An effect is none or far from none.
    let necessary = try program.edges(ablation.rawValue, "necessary")
    let found = scores.circuit(threshold: 1e-6).edges.map(\.description)
    #expect(Set(found) == necessary)
  }

  /// What ablated edges carry: the corrupted tokens, maybe at permuted positions, or nothing.
  private func ablated(_ program: TracrProgram, _ regime: String) throws -> CompactWrites {
    let model = program.known.model
    let corrupted = TokenBatch(program.task.pairs.map(\.corrupted))
    switch regime {
    case "zero": return model.zeroWrites(tokenCount: corrupted.tokens.count)
    case "resample": return PlainRun(model, batch: corrupted).forward().writes
    default:
      let positions = try program.golden.prompts("corrupted_positions").flatMap(\.self)
      var input = model.weights.tokenEmbedding.gatherRows(corrupted.tokens)
      input.add(try #require(model.weights.positionEmbedding).gatherRows(positions))
      return PlainRun(model, batch: corrupted).taped(given: .input(input)).writes
    }
  }

  @Test(arguments: TracrProgram.names, ["resample", "resample_positions", "zero"])
  func `trials have the effect of every edge on every output`(name: String, regime: String) throws {
    let program = try TracrProgram(name)
    let (model, graph) = (program.known.model, program.known.model.graph)
    let batch = PairBatch(program.task.pairs)
    let stream = AblatedStream(try ablated(program, regime), model: model)
    let full = PlainRun(model, batch: batch.clean).taped()
    let state = MaskedState(
      intact: full, ablated: stream, graph: graph,
      model: model)
    let run = MaskedRun(
      model, batch: batch.clean, mask: EdgeMask(1, graph: graph), ablated: stream)
    var largest = [Double](repeating: 0, count: graph.writerCount * graph.readerCount)
    var meanSquare = largest
    for reader in 0..<graph.readerCount {
      let writers = 0..<graph.visibleWriterCount(ofReader: reader)
      let logits = ReaderTrials(run, from: state, reader: reader).logits(
        writers.map { writer in writers.map { $0 == writer ? 0 : 1 } })
      for writer in writers {
        let difference = logits.slice(block: writer) - full.logits
        let offset = writer * graph.readerCount + reader
        largest[offset] = Double(difference.values().map(abs).max() ?? 0)
        meanSquare[offset] =
          difference.values().reduce(0) { $0 + Double($1) * Double($1) }
          / Double(difference.count)
      }
    }
    for (found, key) in [(largest, "max_abs"), (meanSquare, "mean_square")] {
      let expected = try program.golden.tensor("effect.\(regime).\(key)")
      expectClose(
        found, expected.values().map(Double.init), relative: 1e-5, to: 1, "\(name) \(regime) \(key)"
      )
    }
  }

  @Test(arguments: TracrProgram.names, regimes)
  func `ACDC at a small threshold ends in the minimal circuit`(
    name: String, ablation: Ablation
  ) throws {
    let program = try TracrProgram(name)
    let problem = DiscoveryProblem(
      model: program.known.model, task: program.task, ablation: ablation)
    let method = ACDC(thresholds: [1e-6])
    let circuit = try method.scores(for: problem).circuit(try #require(method.ownCircuit))
    #expect(
      Set(circuit.edges.map(\.description))
        == (try program.edges(ablation.rawValue, "minimal")))
    #expect(circuit == program.known.truth(for: ablation))
  }

  /// The ACDC paper holds resampled circuits against the truth of zero ablation: its areas follow from that.
  @Test(arguments: [("reverse", 0.2, 0.6), ("xproportion", 0.6, 0.8)])
  func `published areas are those of another ablation's truth`(
    name: String, pessimistic: Double, trapezoid: Double
  ) throws {
    let program = try TracrProgram(name)
    let scores = try ACDC(thresholds: [1e-6]).scores(
      for: DiscoveryProblem(model: program.known.model, task: program.task))
    let other = RecoveryCurve(of: scores, truth: try #require(program.known.truth(for: .zero)))
    #expect(abs(try #require(other.area(.pessimistic)) - pessimistic) < 1e-9)
    #expect(abs(try #require(other.area(.trapezoid)) - trapezoid) < 1e-9)
    let own = RecoveryCurve(of: scores, truth: try #require(program.known.truth(for: .resample)))
    #expect(own.area(.pessimistic) == 1)
  }

  @Test func `broken programs are refused with a sentence`() throws {
    let source = try TracrProgram("reverse").golden.directory
    let golden = try Safetensors.read(source.appending(path: "golden.safetensors"))
    let faults: [(String, (URL) throws -> Void)] = [
      (
        "an edge",
        { url in
          try Data("{\"zero\": {\"minimal\": [\"a9.h9->logits\"]}}".utf8).write(
            to: url.appending(path: "truth.json"))
        }
      ),
      ("truth.json", { try Data("[]".utf8).write(to: $0.appending(path: "truth.json")) }),
      ("golden.safetensors", { try Data().write(to: $0.appending(path: "golden.safetensors")) }),
      (
        "tokens",
        { url in
          let kept = golden.tensors.filter { $0.key.hasPrefix("length1") }
          let named = try kept.filter { $0.value.format == "F32" }.map {
            ($0, try golden.read($0, $1))
          }
          try Safetensors.encode([String: Tensor](uniqueKeysWithValues: named)).write(
            to: url.appending(path: "golden.safetensors"))
        }
      ),
    ]
    for (says, breaks) in faults {
      try withTemporaryDirectory { directory in
        let copy = directory.appending(path: "reverse")
        try FileManager.default.copyItem(at: source, to: copy)
        try breaks(copy)
        let error = #expect(throws: CheckpointError.self) { try CompiledProgram.load(copy) }
        #expect(error?.description.contains(says) ?? false, "\(String(describing: error))")
      }
    }
  }

  /// Three heads vote: any two are enough, so no head's edge matters by itself.
  @Test func `redundancy hides from single edges`() throws {
    let program = try TracrProgram("vote")
    let problem = DiscoveryProblem(model: program.known.model, task: program.task)
    let exact = try ExactPatching().scores(for: problem)
    let truth = try #require(program.known.truth(for: .resample))
    let unseen = truth.edges.filter { exact[$0] == 0 }.map(\.description)
    #expect(unseen == ["m0->a1.h1<v>", "m0->a1.h2<v>", "a1.h1->m1", "a1.h2->m1"])
    let evaluation = CircuitEvaluation(
      model: problem.model, task: problem.task, ablation: .resample)
    let faithfulness = evaluation.faithfulness(of: truth)
    #expect(faithfulness.value == 1)
  }

  @Test func `fewer prompts are spread over all`() throws {
    let known = try TracrProgram("reverse").known
    let prompts = { (count: Int) in
      try known.prompts.pairs(count: count, seed: 0, model: known.model)
    }
    let all = try prompts(.max)
    #expect(all.count > 4)
    #expect(try prompts(2) == [all[0], all[all.count / 2]])
    #expect(try prompts(3) == [all[0], all[all.count / 3], all[2 * all.count / 3]])
    #expect(try prompts(all.count) == all)
  }
}
