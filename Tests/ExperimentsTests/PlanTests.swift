import Experiments
import Foundation
import Graphs
import Methods
import Tasks
import TestSupport
import Testing

@Suite struct PlanTests {
  @Test func `a model's hashes are those of the files that are read`() throws {
    try withTemporaryDirectory { directory in
      let names = { Set(try fileHashes(of: directory).keys) }
      let read = ["config.json", "model.safetensors", "tokenizer.model"]
      for name in read + ["README.md", "other.model", "pytorch_model.bin"] {
        try Data(name.utf8).write(to: directory.appending(path: name))
      }
      #expect(try names() == Set(read))
      try Data().write(to: directory.appending(path: "tokenizer.json"))
      #expect(try names() == ["config.json", "model.safetensors", "tokenizer.json"])
    }
  }

  @Test func `a plan comes back as it was written`() throws {
    let plan = DiscoveryPlan(
      model: ModelReference("gpt2"), task: TaskPlan(name: "ioi", count: 7, metric: "kl"),
      method: try MethodChoice("acdc:absolute:tau=0.1/0.2"), ablation: .mean(over: .both),
      groupsKeysAndValues: true,
      selection: SelectionPlan(size: .fraction(0.25), ranking: .signed, order: .greedy))
    let data = try JSONEncoder().encode(plan)
    let back = try JSONDecoder().decode(DiscoveryPlan.self, from: data)
    #expect(try JSONEncoder().encode(back).count == data.count)
    #expect(back.method == plan.method && back.method.text == "acdc:tau=0.1/0.2:absolute")
    #expect(back.ablation == plan.ablation && back.selection == plan.selection)
    #expect(back.model == plan.model && back.task == plan.task && back.groupsKeysAndValues)
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains(#""ablation":"mean-both""#) && text.contains(#"{"fraction":0.25}"#))
  }

  @Test func `a coupling comes back as it was written, without bounds too`() throws {
    let radii = ["0", "0.25", "inf"].compactMap { CouplingRadius($0) }
    let plan = CouplingPlan(
      model: ModelReference("gpt2"), tasks: ["ioi", "sva"], method: try MethodChoice("eap"),
      radii: radii)
    let data = try JSONEncoder().encode(plan)
    let back = try JSONDecoder().decode(CouplingPlan.self, from: data)
    #expect(back.radii == radii && back.tasks == plan.tasks && back.method == plan.method)
    #expect(radii.map(\.description) == ["0", "0.25", "inf"] && radii[2].value == .infinity)
    for text in ["-0.1", "nan", "infinity", "1e999", ""] { #expect(CouplingRadius(text) == nil) }
    #expect(throws: (any Error).self) {
      try JSONDecoder().decode([CouplingRadius].self, from: Data(#"["-1"]"#.utf8))
    }
  }

  @Test(arguments: [
    (SelectionPlan(size: .edges(-1)), "found -1"), (SelectionPlan(size: .nodes(-2)), "found -2"),
    (SelectionPlan(size: .fraction(1.5)), "from 0 to 1"),
    (SelectionPlan(size: .threshold(.nan)), "should be a number"),
    (SelectionPlan(size: .nodes(2), order: .greedy), "greedy goes with"),
    (SelectionPlan(keep: 0), "more than 0"), (SelectionPlan(keep: .infinity), "more than 0"),
  ]) func `a choice that makes no sense is refused`(plan: SelectionPlan, says: String) throws {
    let error = #expect(throws: ExperimentError.self) { try plan.check() }
    #expect(error?.description.contains(says) ?? false)
    let discovery = DiscoveryPlan(
      model: ModelReference(), method: try MethodChoice("eap"), selection: plan)
    #expect(throws: ExperimentError.self) { try discovery.run() }
  }

  @Test(arguments: ["85%", "0.85", " 85 %", "1000%"]) func `shares`(text: String) {
    #expect(Share(text)?.value == (text == "1000%" ? 10 : 0.85))
    #expect(Share("0") == nil && Share("-5%") == nil && Share("x") == nil && Share("1001%") == nil)
  }
}
