import Experiments
import Foundation
import Graphs
import Methods
import Tasks
import Testing

@Suite struct PlanTests {
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
}
