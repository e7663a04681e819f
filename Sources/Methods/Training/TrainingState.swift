import Files
import Foundation
import Tensors

/// How far a training has come.
///
/// As bytes it is a safetensors file: for each group the tensors `NAME`, `NAME.first` and `NAME.second`, the numbers
/// and the optimiser's running means, F64; and the step, the last loss and the state of the random generator.
struct TrainingState: Sendable {
  /// For each group its numbers.
  var numbers: [[Double]]
  var moments: [Adam.Moments]
  var generator: SeededGenerator
  var step = 0
  /// The loss of the last step; nil before the first.
  var loss: Double?

  init(_ groups: [NumberGroup], seed: UInt64) {
    numbers = groups.map(\.start)
    moments = groups.map { Adam.Moments(count: $0.start.count) }
    generator = SeededGenerator(seed: seed)
  }
}

extension TrainingState {
  /// What is no tensor.
  private struct Rest: Codable {
    let step: Int
    let loss: Double?
    let generator: SeededGenerator
  }

  private static let restKey = "training"

  func safetensors(_ groups: [NumberGroup]) throws -> Data {
    var tensors: [String: [Double]] = [:]
    for (index, group) in groups.enumerated() {
      tensors[group.name] = numbers[index]
      tensors[group.name + ".first"] = moments[index].first
      tensors[group.name + ".second"] = moments[index].second
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let rest = try encoder.encode(Rest(step: step, loss: loss, generator: generator))
    return try Safetensors.encode(
      doubles: tensors, metadata: [Self.restKey: String(decoding: rest, as: UTF8.self)])
  }

  /// Reads what ``safetensors(_:)`` wrote; nil for what no training of these groups can have left.
  init?(_ data: Data, _ groups: [NumberGroup]) {
    guard let file = try? Safetensors.read(data, path: "state"),
      case .text(let text) = file.metadata[Self.restKey],
      let rest = try? JSONDecoder().decode(Rest.self, from: Data(text.utf8)),
      rest.step >= 0, rest.loss?.isFinite ?? true
    else { return nil }
    self.init(groups, seed: 0)
    (step, loss, generator) = (rest.step, rest.loss, rest.generator)
    for (index, group) in groups.enumerated() {
      let count = group.start.count
      guard let values = file.tensors[group.name]?.doubles,
        let first = file.tensors[group.name + ".first"]?.doubles,
        let second = file.tensors[group.name + ".second"]?.doubles,
        [values, first, second].allSatisfy({ $0.count == count && $0.allSatisfy(\.isFinite) }),
        second.allSatisfy({ $0 >= 0 })
      else { return nil }
      numbers[index] = values
      (moments[index].first, moments[index].second) = (first, second)
    }
  }
}
