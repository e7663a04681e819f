// discover, evaluate and compare from a program: what the command does, with public declarations only.
import Edgewise
import Foundation

let listener = ExperimentListener(note: { print($0) })
let plan = DiscoveryPlan(
  model: ModelReference("induction-tiny"), task: TaskPlan(name: "induction", count: 30),
  method: try MethodChoice("eap-ig:steps=3"), selection: SelectionPlan(keep: 0.9))
let found = try plan.run(telling: listener)
print(found.report.measureTable.text)
print(found.report.measuredLine)

let place = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
let directory = try RunDirectory(path: place.path)
try directory.write(found.files())
defer { try? FileManager.default.removeItem(at: place) }

var evaluation = EvaluationPlan(source: place.path)
evaluation.measures = [.curve]
print(try EvaluationSource(evaluation).evaluate(telling: listener).text(on: Page(rows: 5)))

let comparison = ComparisonPlan(
  models: [ModelReference("planted-or")], methods: try MethodChoice.list("eap,eap-ig,acdc:tau=0.1"))
print(try comparison.run(telling: listener).text())
