import Foundation
package import Methods
import Testing

/// Checks that a method ends in the same scores from every third state that it offers to keep.
package func expectResumes(_ method: some DiscoveryMethod, _ problem: DiscoveryProblem) throws {
  var states: [Data] = []
  let whole = try method.scores(
    for: problem,
    run: MethodRun(
      states: .init { make in
        if let state = try? make() { states.append(state) }
      }))
  #expect(states.count > 3)
  for state in stride(from: 0, to: states.count, by: 3).map({ states[$0] }) {
    let resumed = try method.scores(
      for: problem, run: MethodRun(states: .init(saved: state) { _ in }))
    #expect(resumed == whole)
  }
  #expect(throws: MethodError.foreignState) {
    try method.scores(
      for: problem, run: MethodRun(states: .init(saved: Data("{}".utf8)) { _ in }))
  }
}
