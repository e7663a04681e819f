import Graphs

extension [String] {
  /// The sentence about a name that is none of these: those most like it, and all.
  package func sentence(kind: String, missing name: String) -> String {
    let name = name.shortened
    let near = nearest(to: name)
    let guess = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
    return guess.isEmpty
      ? "There is no \(kind) \"\(name)\"; known are \(joined(separator: ", "))."
      : "There is no \(kind) \"\(name)\"\(guess) Known are \(joined(separator: ", "))."
  }

  /// The names most like a misspelt one: at most three, and none that differs in more than half.
  private func nearest(to name: String) -> [String] {
    let distances = map {
      (name: $0, distance: Self.distance(Array<Character>(name), Array<Character>($0)))
    }
    let near = distances.filter { 2 * $0.distance <= Swift.max($0.name.count, name.count) }
    let least = near.map(\.distance).min() ?? 0
    return near.filter { $0.distance <= least + 1 }.prefix(3).map(\.name)
  }

  /// How many letters must be put in, taken out, changed or swapped with the next one.
  private static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var rows = [[Int](0...right.count)]
    for (index, letter) in left.enumerated() {
      var row = [index + 1]
      for (place, other) in right.enumerated() {
        var least = Swift.min(
          rows[index][place] + (letter == other ? 0 : 1), rows[index][place + 1] + 1, row[place] + 1
        )
        if index > 0, place > 0, letter == right[place - 1], left[index - 1] == other {
          least = Swift.min(least, rows[index - 1][place - 1] + 1)
        }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[left.count][right.count]
  }
}
