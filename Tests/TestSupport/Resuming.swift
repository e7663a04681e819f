import Foundation
import Graphs
package import Methods
import Testing

/// Checks that a method ends in the same scores from every third state that it offers to keep, and takes no state
/// that none of its runs can have left.
package func expectResumes(_ method: some DiscoveryMethod, _ problem: DiscoveryProblem) throws {
  let (states, resumed) = try expectResumesAlike(method, problem)
  let middle = try JSONSerialization.jsonObject(with: states[states.count / 2])
  let odd = impossible(middle, key: "")
  #expect(odd.count > 3)
  for state in odd + ["{}"] {
    let data =
      try (state as? String).map { Data($0.utf8) }
      ?? JSONSerialization.data(withJSONObject: state)
    #expect(throws: MethodError.foreignState, "\(state)") { try resumed(data) }
  }
}

/// Checks that a method that trains ends in the same scores from every third state, and takes no other bytes.
package func expectResumes(training method: any DiscoveryMethod, _ problem: DiscoveryProblem) throws
{
  let (states, resumed) = try expectResumesAlike(method, problem)
  let middle = states[states.count / 2]
  let text = String(decoding: middle, as: Unicode.ASCII.self)
  var odd = [Data(), Data("{}".utf8), middle.dropLast(8), Data(middle.dropLast(1) + [0xff])]
  for (good, bad) in [("\\\"step\\\":", "\\\"stop\\\":"), ("F64", "F32"), (".first", ".fist_")] {
    let place = try #require(text.range(of: good))
    let start = text.distance(from: text.startIndex, to: place.lowerBound)
    odd.append(
      middle.prefix(start) + Data(bad.prefix(good.count).utf8)
        + middle.dropFirst(start + good.count))
  }
  for state in odd where state != middle {
    #expect(throws: MethodError.foreignState) { try resumed(Data(state)) }
  }
}

/// Checks that a method ends in the same scores from every third state that it offers to keep.
///
/// - Returns: All states, and how the method goes on from one.
private func expectResumesAlike(
  _ method: any DiscoveryMethod, _ problem: DiscoveryProblem
) throws -> (states: [Data], resumed: (Data) throws -> EdgeScores) {
  var states: [Data] = []
  let whole = try method.scores(
    for: problem,
    run: MethodRun(
      states: .init { make in
        if let state = try? make() { states.append(state) }
      }))
  #expect(states.count > 3)
  let resumed = { (state: Data) in
    try method.scores(for: problem, run: MethodRun(states: .init(saved: state) { _ in }))
  }
  for state in stride(from: 0, to: states.count, by: 3).map({ states[$0] }) {
    #expect(try resumed(state) == whole)
  }
  return (states, resumed)
}

/// States like one, in each of which one place holds what no run leaves there.
private func impossible(_ value: Any, key: String) -> [Any] {
  if let object = value as? [String: Any] {
    return object.sorted { $0.key < $1.key }.flatMap { key, value -> [Any] in
      impossible(value, key: key).map { object.merging([key: $0]) { $1 } }
    }
  }
  if let list = value as? [Any] {
    guard let first = list.first else { return [] }
    let items = key == "columns" || key == "scores" ? [7, -1] : impossible(first, key: key)
    return [Array(list.dropLast())] + items.map { [$0] + list.dropFirst() }
  }
  let places = ["batch", "reader", "module", "step", "threshold", "kept"]
  return places.contains(key) ? [-1, 1 << 40, 0.5, "x"] : ["x"]
}
