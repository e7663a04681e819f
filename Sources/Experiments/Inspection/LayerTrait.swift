import Reports

/// A value that some layers of a model have.
struct LayerTrait<Value: Encodable & Equatable & Sendable>: Encodable, Sendable {
  let value: Value
  /// The layers, ascending.
  let layers: [Int]

  /// The values that layers have, in the order of the first layers that have them; nil when no layer has one.
  static func all(_ values: [Value?]) -> [LayerTrait]? {
    var traits: [LayerTrait] = []
    for case let value? in values where !traits.contains(where: { $0.value == value }) {
      traits.append(LayerTrait(value: value, layers: values.indices.filter { values[$0] == value }))
    }
    return traits.isEmpty ? nil : traits
  }

  /// The value in words, and which of so many layers have it, unless all do.
  func text(of count: Int, _ words: (Value) -> String) -> String {
    layers.count == count ? words(value) : "\(words(value)) in \(layerNames(layers, of: count))"
  }
}

/// Some of a model's layers, in a few words: layers 0, 2, …, 40; layers 3–5; all layers but 5 and 11.
///
/// - Parameters:
///   - layers: The layers, ascending.
///   - count: How many the model has.
/// - Returns: A noun, from which the layers can be told exactly.
package func layerNames(_ layers: [Int], of count: Int) -> String {
  let others = Array(0..<count).filter { !layers.contains($0) }
  guard !others.isEmpty else { return "all layers" }
  let (own, but) = (pieces(layers), pieces(others))
  if own.count > but.count + 2 { return "all layers but \(but.joined(separator: ", "))" }
  return (layers.count == 1 ? "layer " : "layers ") + own.joined(separator: ", ")
}

/// Numbers as the ends of what is evenly spaced, or as runs.
private func pieces(_ numbers: [Int]) -> [String] {
  guard let first = numbers.first, let last = numbers.last else { return [] }
  let step = numbers.count > 4 ? numbers[1] - first : 1
  if step > 1, Array(stride(from: first, through: last, by: step)) == numbers {
    return ["\(first)", "\(first + step)", "…", "\(last)"]
  }
  var runs: [ClosedRange<Int>] = []
  for number in numbers {
    if let run = runs.last, run.upperBound == number - 1 {
      runs[runs.count - 1] = run.lowerBound...number
    } else {
      runs.append(number...number)
    }
  }
  return runs.flatMap { run in
    run.count < 3 ? run.map(String.init) : ["\(run.lowerBound)–\(run.upperBound)"]
  }
}
