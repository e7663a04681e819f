package import Foundation
import Graphs
import Tasks

/// What an ensemble is made of: a method that is run, or what one has found.
enum EnsembleMember: Sendable, Hashable {
  /// A method with options that name no file, as it is written.
  case method(String)
  /// The path of a run or of a file of scores.
  case run(URL)

  /// Reads a method, or a path, in which there is a slash or a point before any option; nil for what is neither.
  init?(_ text: String) {
    let name = text.prefix { $0 != ":" }
    if name.contains("/") || name.contains(".") {
      self = .run(URL(filePath: text))
      return
    }
    guard name != Ensemble.name, let choice = try? MethodChoice(text),
      !choice.method.options.contains(where: { $0.isFile && choice.values[$0.name] != nil })
    else { return nil }
    self = .method(choice.text)
  }

  /// As it is written.
  var text: String {
    switch self {
    case .method(let text): text
    case .run(let url): url.path
    }
  }

  /// The method, with the options that have it rank every edge; nil for a run.
  private var choice: MethodChoice? {
    guard case .method(let text) = self, let choice = try? MethodChoice(text) else { return nil }
    return choice.completed(by: choice.method.ranking)
  }

  func passes(_ options: MethodOptions, _ problem: DiscoveryProblem) -> PassCount {
    choice.map { $0.method.passes($0.options(seed: options.seed), problem) } ?? PassCount(0, 0)
  }

  func bytes(_ options: MethodOptions, _ problem: DiscoveryProblem) -> Int {
    choice.map { $0.method.bytes($0.options(seed: options.seed), problem) } ?? 0
  }

  func make(_ options: MethodOptions) -> any DiscoveryMethod {
    choice.map { $0.method.make($0.options(seed: options.seed)) }
      ?? KnownScores(scores: options.scores[text], source: text)
  }
}

extension MethodChoice {
  /// The paths of the runs that an ensemble has as members.
  package var memberRuns: [URL] {
    values[Ensemble.memberOption.name].flatMap(Ensemble.memberOption.parse)?.compactMap {
      if case .run(let url) = $0 { url } else { nil }
    } ?? []
  }
}

/// Scores that are known, as of a finished run: a method that has nothing to do any more.
struct KnownScores: DiscoveryMethod {
  /// The scores; nil when nobody has read them.
  let scores: EdgeScores?
  /// Where they are from.
  let source: String

  func check(_ problem: DiscoveryProblem) throws(MethodError) { _ = try scores(of: problem) }

  func scores(for problem: DiscoveryProblem, run: MethodRun) throws(MethodError) -> EdgeScores {
    try scores(of: problem)
  }

  private func scores(of problem: DiscoveryProblem) throws(MethodError) -> EdgeScores {
    guard let scores, scores.graph == problem.graph else { throw .missingScores(source) }
    return scores
  }
}
