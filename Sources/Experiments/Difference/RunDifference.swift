public import Evaluation
import Files
import Foundation
public import Graphs
public import Reports

/// What differs between two runs of one model, or of two models of one shape: before and after fine-tuning, say.
public struct RunDifference: Sendable {
  /// What moved, and how far the rankings agree.
  public let scores: ScoreDifference
  /// Both circuits; nil where one of the files has none.
  public let circuits: CircuitPair?
  /// What else than the model the runs differ by, in one sentence each.
  public let notes: [String]
  private let first: ScoredSource
  private let second: ScoredSource
  private let ranking: EdgeScores.Ranking

  /// Reads two runs; nothing is run.
  ///
  /// - Parameters:
  ///   - first: A run's directory, or a file of scores.
  ///   - second: Another one, of a model of the same shape.
  ///   - ranking: Whether ranks are those of magnitudes or of signed scores.
  /// - Throws: ``ExperimentError`` when there are no scores or the graphs differ, and the errors of circuit files.
  public init(
    from first: String, to second: String, by ranking: EdgeScores.Ranking = .magnitude
  ) throws {
    self.first = try ScoredSource(first)
    do {
      self.second = try ScoredSource(second, graphs: [self.first.scores.graph])
    } catch let error as CircuitFileError {
      guard case .otherModel(let expected, let found) = error.problem else { throw error }
      throw ExperimentError(
        """
        \(second): expected scores of a model of the shape of \(first), \(expected), found one of \(found); edges are \
        compared only between models of one shape, with keys and values grouped alike.
        """)
    }
    self.ranking = ranking
    scores = ScoreDifference(from: self.first.scores, to: self.second.scores, by: ranking)
    if let one = self.first.circuit, let other = self.second.circuit {
      circuits = CircuitPair(one, other)
    } else {
      circuits = nil
    }
    notes = [Self.note(self.first.heading, self.second.heading)].compactMap(\.self)
  }

  /// What is to be said when not the model alone can have moved scores.
  private static func note(_ first: RunHeading?, _ second: RunHeading?) -> String? {
    guard let first, let second else { return nil }
    let differing = [
      ("task", first.task != second.task), ("method", first.method != second.method),
      ("metric", first.metric != second.metric),
    ].filter(\.1).map(\.0)
    guard !differing.isEmpty else { return nil }
    return """
      note: the runs differ in \(differing.joined(separator: " and ")), so what moved need not be the model's doing.
      """
  }

  /// Whether no score and no edge of the circuits differs.
  public var isEmpty: Bool {
    scores.moves.isEmpty && circuits.map { $0.first == $0.second } ?? true
  }

  private var heading: [String] { first.lines("first") + second.lines("second") }

  /// What was compared, what moved, and how far rankings and circuits agree; of the same twice, that it is the same.
  public func text(on page: Page = Page()) -> String {
    let parts: [String?] =
      scores.moves.isEmpty
      ? [
        """
        no edge moved: all \(Numbers.count(scores.edgeCount, "score")) are the same\
        \(isEmpty && circuits != nil ? ", and so are the circuits" : "")
        """, isEmpty ? nil : circuitText,
      ]
      : [
        "\(Numbers.count(scores.moves.count)) of \(Numbers.count(scores.edgeCount, "edge")) moved",
        scores.edgeTable(rows: page.rows, circuits).text(on: page),
        """
        \(scores.nodeTable(rows: page.rows).text(on: page))
        edges in, edges out: how far scores moved in all; first, second: what they sum to by magnitude
        """,
        """
        \(scores.overlapTable.text(on: page))
        rank correlation \(Numbers.fixed(scores.spearman ?? .nan)), edges ranked by \(ranking.rawValue)
        """, circuitText,
      ]
    return ([heading.joined(separator: "\n")] + parts).compactMap(\.self)
      .joined(separator: "\n\n")
  }

  private var circuitText: String? {
    overlap.map { overlap in
      """
      circuits of \(Numbers.count(overlap.edges.found)) and \(Numbers.count(overlap.edges.truth, "edge")): \
      \(Numbers.count(overlap.edges.both)) in both, Jaccard index \(Numbers.fixed(overlap.edges.jaccard))
      heads and MLPs: \(Numbers.count(overlap.nodes.found)) and \(Numbers.count(overlap.nodes.truth)), \
      \(Numbers.count(overlap.nodes.both)) in both, Jaccard index \(Numbers.fixed(overlap.nodes.jaccard))
      """
    }
  }

  private var overlap: CircuitOverlap? {
    circuits.map { CircuitOverlap(of: $0.first, with: $0.second) }
  }

  /// Both circuits drawn over each other; nil where there are not two.
  public var drawing: CircuitDrawing? {
    circuits.map { circuits in
      CircuitDrawing(
        (circuits.first, first.scores), and: (circuits.second, second.scores),
        title: "Circuits of \(first.path) and \(second.path)",
        caption: heading.joined(separator: "\n"))
    }
  }

  /// Tables as CSV, the drawing, and `diff.json`, by file name.
  ///
  /// - Throws: `EncodingError`.
  public func files() throws -> [String: String] {
    scores.files(circuits)
      .merging(drawing?.figure.files(named: "circuits") ?? [:]) { $1 }
      .merging(["diff.json": try json() + "\n"]) { $1 }
  }

  /// All of it as JSON with sorted keys.
  ///
  /// - Throws: `EncodingError`.
  public func json() throws -> String {
    try sortedJSON(
      RunDifferenceRecord(
        self, first: (first.path, first.heading), second: (second.path, second.heading),
        ranking: ranking, overlap: overlap))
  }
}
