import Evaluation
import Files
import Foundation
import Graphs
import Reports

/// A circuit, or scores of all edges, and what a run says of how they were found.
struct CircuitSummary: Encodable {
  /// An edge of the circuit; of all edges, where there are scores only.
  struct Link: Encodable {
    let edge: String
    let score: Float?
    /// Whether it lies on a path from input to logits.
    let isOnPath: Bool
  }

  /// The score of a head or MLP, where those of edges follow from them.
  struct NodeScore: Encodable {
    let node: String
    let score: Float
  }

  /// What a run's record says of it.
  struct Heading: Codable {
    let model: String
    let task: String
    let method: String
    let metric: String
    let nodes: [NodeRecord]?
  }

  /// The run; nil for a file.
  let run: Heading?
  let model: String
  /// How many edges the model has.
  let edges: Int
  /// How many of them are the circuit's; nil for scores only.
  let circuitEdges: Int?
  let circuitEdgesOnPaths: Int?
  /// The circuit's edges, by the magnitude of their scores where they have some.
  let links: [Link]
  let nodes: [NodeRecord]
  /// By magnitude; nil where nodes were not scored.
  let nodeScores: [NodeScore]?
  private let ranking: NodeScores?

  private enum CodingKeys: CodingKey {
    case run, model, edges, circuitEdges, circuitEdgesOnPaths, links, nodes, nodeScores
  }

  /// A circuit, scores or both.
  private init(
    run: Heading?, circuit: Circuit?, scores: EdgeScores?, graph: ComputationGraph
  ) {
    self.run = run
    model = graph.size + (graph.isParallel ? ", parallel" : "")
    edges = graph.edgeCount
    let pruned = circuit?.pruned()
    circuitEdges = circuit?.edgeCount
    circuitEdgesOnPaths = pruned?.edgeCount
    let isOnPath = { (edge: Edge) in pruned?.contains(edge) ?? true }
    if let scores {
      let ranked = circuit.map { scores.top(of: $0) } ?? scores.top(graph.edgeCount)
      links = ranked.map {
        Link(edge: "\($0.edge)", score: $0.score, isOnPath: isOnPath($0.edge))
      }
    } else {
      links = (circuit?.edges ?? []).map {
        Link(edge: "\($0)", score: nil, isOnPath: isOnPath($0))
      }
    }
    nodes =
      run?.nodes
      ?? (pruned?.nodes(scores: scores) ?? []).map { NodeRecord($0, isMeasured: false) }
    ranking = scores?.nodes
    nodeScores = ranking.map { scores in
      scores.top(graph.writerCount).map { NodeScore(node: "\($0.writer)", score: $0.score) }
    }
  }

  /// Scores of all edges.
  init(scores: EdgeScores) {
    self.init(run: nil, circuit: nil, scores: scores, graph: scores.graph)
  }

  /// What a file holds.
  ///
  /// - Throws: ``ExperimentError`` when the file does not say how large its model is, and the errors of circuit files.
  init(file: URL, run: Heading? = nil, graphs: [ComputationGraph] = []) throws {
    let contents: CircuitFile.Contents
    do {
      contents = try CircuitFile.read(file, for: graphs)
    } catch {
      guard error.problem == .needsModel else { throw error }
      throw ExperimentError(
        """
        \(file.path): the file does not say how large its model is, as those of ACDC and Edge Pruning do \
        not; name the model with --model.
        """)
    }
    guard let graph = contents.graph else {
      throw ExperimentError("\(file.path): expected a circuit or scores, found neither.")
    }
    self.init(
      run: run, circuit: contents.circuit, scores: contents.scores, graph: graph)
  }

  /// A run's circuit.
  ///
  /// - Throws: ``ExperimentError`` when its record is not one, and the errors of circuit files.
  init(run directory: URL) throws {
    let url = directory.appending(path: "run.json")
    let heading = try (try? RegularFile.contents(url)).map { data in
      guard let heading = try? JSONDecoder().decode(Heading.self, from: data) else {
        throw ExperimentError(
          "\(url.path): expected the record of a run, with model, task, method and metric.")
      }
      return heading
    }
    try self.init(file: CircuitSource.circuitFile(directory), run: heading)
  }

  func text(on page: Page) -> String {
    let heading = run.map { "\($0.model)\n\($0.task)\n\($0.method), \($0.metric)" }
    let count =
      circuitEdges.map { kept in
        """
        circuit of \(Numbers.count(kept)) of \(Numbers.count(edges)) edges, \
        \(Numbers.count(circuitEdgesOnPaths ?? 0)) of them on a path from input to logits
        """
      }
        ?? """
        scores of \(nodeScores == nil ? "" : "heads and MLPs, and so of ")\(Numbers.count(edges)) edges
        """
    let table = NodeTable(nodes, metric: run?.metric ?? "the metric")
    return [
      heading, "\(count)\n\(model)", table.text(on: page),
      ranking?.table(page.rows).text(on: page), edgeTable(page),
    ].compactMap(\.self).joined(separator: "\n\n")
  }

  private func edgeTable(_ page: Page) -> String {
    var table = TextTable(["rank": .right, "edge": .left, "score": .right, "": .left])
    for (index, link) in links.prefix(page.rows).enumerated() {
      table.add(
        "\(index + 1)", link.edge, link.score.map { Numbers.signed(Double($0)) } ?? "–",
        link.isOnPath ? "" : "off every path")
    }
    return table.text(on: page)
  }
}
