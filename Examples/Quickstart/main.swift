// The snippet of the README, which a test holds equal.
import Edgewise

let plan = DiscoveryPlan(
  model: ModelReference("induction-tiny"), method: try MethodChoice("eap-ig:steps=5"),
  selection: SelectionPlan(keep: 0.85))
let found = try plan.run()
print(found.report.measureTable.text)

let run = Activations(of: found.loaded.model, on: TokenBatch(found.task.pairs.map(\.clean)))
let pattern = run.patterns(ofHead: 2, layer: 1)[0]  // [query, key] of the first prompt
let (last, keys) = (pattern.shape[0] - 1, 0..<pattern.shape[1])
if let looked = keys.max(by: { pattern[last, $0] < pattern[last, $1] }) {
  print("a1.h2 looks at token \(looked) of \(keys.count)")
}
