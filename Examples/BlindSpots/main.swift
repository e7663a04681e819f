// Draws what a gradient at the clean run does not see: the figures of the article "Comparing methods".
import Edgewise
import Foundation

let directory =
  CommandLine.arguments.dropFirst().first.map { URL(filePath: $0) }
  ?? FileManager.default.temporaryDirectory
let shares = (0...20).map { Float($0) / 20 }
for (name, edgeSuffix, repair) in [
  ("planted-induction", "<k>", "atp-star"), ("planted-cancellation", "<v>", "graddrop"),
] {
  var options = PlantedCircuits.Options()
  (options.noise, options.sharpness) = (0, 60)
  let known = try PlantedCircuits.named(name, options: options)
  let (task, graph) = (try known.task(count: 30), known.model.graph)
  let problem = DiscoveryProblem(model: known.model, task: task)
  guard
    let edge = known.truth(for: .resample)?.edges.first(where: { "\($0)".hasSuffix(edgeSuffix) }),
    let offset = graph.offset(of: edge)
  else { fatalError("\(name) has no edge into \(edgeSuffix)") }
  let masks = shares.map { share in
    var values = [Float](repeating: 1, count: graph.writerCount * graph.readerCount)
    values[offset] = 1 - share
    return Intervention(mask: EdgeMask(values, graph: graph))
  }
  let runs = InterventionRuns(model: known.model, task: task)
  let metric = runs.measure(masks, by: [task.metric]).values.map { $0[0].mean }
  let lines = try ["eap", repair].map { method in
    let scores = try DiscoveryMethods.named(method).make(MethodOptions()).scores(for: problem)
    return LinePlot.Series(
      method, shares.map { .init(Double($0), metric[0] - Double($0 * scores[edge])) },
      isDashed: true)
  }
  let exact = LinePlot.Series("the model", zip(shares, metric).map { .init(Double($0), $1) })
  let heights = metric + [metric[0] - 1, metric[0] + 1]
  let plot = LinePlot(
    "\(name), \(edge)",
    x: .init("share of the edge that is ablated", 0...1, ticks: [(0, "0"), (1, "1")]),
    y: .init(
      "logit difference", (heights.min() ?? 0)...(heights.max() ?? 1),
      ticks: [(metric[0], Numbers.short(metric[0])), (metric[20], Numbers.short(metric[20]))]),
    series: [exact] + lines)
  let file = directory.appending(path: "\(name).svg")
  try Data(plot.svg.utf8).write(to: file)
  print(file.path)
}
