import Files
import Foundation

extension Fields {
  /// The angles per position of each rotated pair.
  ///
  /// Reads `rope_theta` and `rope_scaling`, as transformers 4 writes them, or `rope_parameters`, as 5 does.
  ///
  /// - Parameters:
  ///   - dHead: The width of a head.
  ///   - share: The rotated share of a head when the configuration does not say it.
  /// - Returns: Radians per position, `[rotated/2]`.
  /// - Throws: `CheckpointError` for fields that do not describe a rotation.
  func rotaryFrequencies(dHead: Int, share: Double = 1) throws(CheckpointError) -> [Double] {
    let parameters = object("rope_parameters") ?? self
    let theta = try rotaryBase() ?? Self.usualRotaryBase
    let share = try parameters.number(
      "partial_rotary_factor", default: try number("partial_rotary_factor", default: share))
    let rotated = share <= 1 ? Int(Double(dHead) * share) : 1
    guard rotated % 2 == 0 else {
      throw CheckpointError(
        file,
        .badField(
          "partial_rotary_factor", expected: "an even part of a head of \(dHead)", found: "\(share)"
        ))
    }
    let frequencies = stride(from: 0, to: rotated, by: 2).map { index in
      pow(theta, -Double(index) / Double(rotated))
    }
    return try (object("rope_scaling") ?? parameters).scaled(frequencies)
  }

  /// The base that is taken where a configuration states none.
  private static let usualRotaryBase = 10000.0

  /// The base that a configuration states, in one of the places where versions of transformers write it.
  private func rotaryBase() throws(CheckpointError) -> Double? {
    for (place, name) in [
      (object("rope_parameters"), "rope_theta"), (self, "rope_theta"),
      (object("rope_scaling"), "rope_theta"), (self, "rotary_emb_base"),
    ] {
      if let place, place.contains(name) { return try place.number(name) }
    }
    return nil
  }

  /// Notes that a configuration states no base, and which one is taken.
  func noteRotaryBase(_ loader: inout WeightLoader) {
    guard (try? rotaryBase()) == Double?.none else { return }
    loader.note(
      "the configuration states no \"rope_theta\", so \(Int(Self.usualRotaryBase)) is taken")
  }

  /// Slows the angles as `rope_type` demands.
  private func scaled(_ frequencies: [Double]) throws(CheckpointError) -> [Double] {
    switch text("rope_type") ?? text("type") ?? "default" {
    case "default": return frequencies
    case "linear":
      let factor = try number("factor")
      return frequencies.map { $0 / factor }
    case "llama3":
      return try llama3(frequencies)
    case let other:
      throw CheckpointError(file, .unsupported("the rotary scaling \"\(other)\""))
    }
  }

  /// Llama 3.1: long waves are slowed by `factor`, short ones kept, those between blended.
  private func llama3(_ frequencies: [Double]) throws(CheckpointError) -> [Double] {
    let factor = try number("factor")
    let low = try number("low_freq_factor")
    let high = try number("high_freq_factor")
    let context = try number("original_max_position_embeddings")
    guard low < high else {
      throw CheckpointError(
        file,
        .badField(
          "high_freq_factor", expected: "more than low_freq_factor \(low)", found: "\(high)"))
    }
    return frequencies.map { frequency in
      let turns = context * frequency / (2 * Double.pi)
      let kept = min(max((turns - low) / (high - low), 0), 1)
      return (1 - kept) * frequency / factor + kept * frequency
    }
  }

  /// A list of so many positive numbers.
  ///
  /// - Throws: `CheckpointError` when it is anything else.
  func positiveNumbers(_ name: String, count: Int) throws(CheckpointError) -> [Double] {
    var numbers: [Double] = []
    if case .list(let list) = values[name] {
      for value in list {
        switch value {
        case .integer(let integer) where integer > 0: numbers.append(Double(integer))
        case .number(let number) where number > 0 && number.isFinite: numbers.append(number)
        default: continue
        }
      }
      if numbers.count == count, list.count == count { return numbers }
    }
    throw CheckpointError(
      file,
      .badField(
        name, expected: "a list of \(count) positive numbers", found: "\(values[name] ?? .null)"))
  }
}
