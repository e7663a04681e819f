import Methods
import Reports

extension Listing {
  /// The methods, with their papers and what they cost.
  public static var methods: Listing {
    var summaries = TextTable(["method": .left, "what it is": .left])
    var costs = TextTable(["method": .left, "paper": .left, "passes": .left])
    for method in DiscoveryMethods.all {
      summaries.add(method.name, method.summary)
      costs.add(method.name, method.paper, method.cost)
    }
    return Listing(
      DiscoveryMethods.all.map(MethodSummary.init), .table(summaries), .table(costs))
  }

  /// One method with its options.
  ///
  /// - Throws: `MethodError` when there is no method of that name.
  public static func method(_ name: String) throws -> Listing {
    let method = try DiscoveryMethods.named(name)
    let summary = MethodSummary(method)
    let paper = method.paper.isEmpty ? "" : ", arXiv \(method.paper)"
    let head = "\(method.name): \(method.summary)\(paper)\npasses: \(method.cost)"
    guard !method.options.isEmpty else { return Listing(summary, .line(head + "\nno options")) }
    var table = TextTable([
      "option": .left, "default": .left, "takes": .left, "what it means": .left,
    ])
    for option in method.options {
      table.add(option.name, option.standardText, option.expected, option.summary)
    }
    let example = method.options.map { option in
      option.isSwitch ? option.name : "\(option.name)=…"
    }.joined(separator: ":")
    return Listing(
      summary, .line(head + "\nwritten as \(method.name):\(example)"), .table(table))
  }
}

/// A method as programs read it.
private struct MethodSummary: Encodable, Sendable {
  struct Option: Encodable, Sendable {
    let name: String
    let standard: String
    let takes: String
    let summary: String
  }

  let name: String
  let summary: String
  let paper: String?
  let passes: String
  /// The metric that it was published with.
  let metric: String?
  let options: [Option]

  init(_ method: MethodEntry) {
    name = method.name
    summary = method.summary
    paper = method.paper.isEmpty ? nil : method.paper
    passes = method.cost
    metric = method.metric
    options = method.options.map {
      Option(
        name: $0.name, standard: $0.standardText, takes: $0.expected, summary: $0.summary)
    }
  }
}
