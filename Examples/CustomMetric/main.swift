// A circuit by a metric of one's own: what another package would write, with public declarations only.
import Edgewise

/// The best answer's logit minus the best wrong answer's.
struct Margin: DifferentiableMetric {
  let name = "margin"
  let summary = "best answer's logit minus the best wrong answer's"
  let readsAnswersOnly = true

  func evaluate(_ input: MetricInput) -> MetricValues {
    let columnCount = input.logits.shape[1]
    var gradient = [Float](repeating: 0, count: input.answers.count * columnCount)
    let values = input.answers.indices.map { row in
      let logit = { (token: Int32) in input.logits[row, Int(token)] }
      let best = { (tokens: [Int32]) in tokens.max { logit($0) < logit($1) } }
      guard let right = best(input.answers[row]), let wrong = best(input.wrongAnswers[row])
      else { return 0.0 }
      gradient[row * columnCount + Int(right)] = 1
      gradient[row * columnCount + Int(wrong)] = -1
      return Double(logit(right) - logit(wrong))
    }
    return MetricValues(values: values, gradient: Tensor(gradient, shape: input.logits.shape))
  }
}

let model = Transformer.bundled()
let pairs = try Induction().pairs(count: 40, seed: 0, model: model)
let task = try CircuitTask(name: "induction", pairs: pairs, metric: Margin(), model: model)
let problem = DiscoveryProblem(model: model, task: task)
let scores = try AttributionPatching.plain.scores(for: problem)
let circuit = scores.circuit(edgeCount: 3)
for (edge, score) in scores.top(of: circuit) { print("\(edge)  \(score)") }
