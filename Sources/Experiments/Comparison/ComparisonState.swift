import Foundation
import Methods
import Reports
import Tensors

/// How far a comparison has come: the methods that are done, and where the one under way stands.
struct ComparisonState: Codable {
  /// What came of a method.
  struct Done: Codable {
    let seconds: Double
    let found: Comparison.Found?
  }

  /// Outcomes by the places of task and method.
  private(set) var outcomes: [String: Done] = [:]
  /// The method under way, and its own state.
  private var current: (key: String, state: Data)?

  private enum CodingKeys: String, CodingKey { case outcomes, key, state }

  /// Nothing done.
  init() {}

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    outcomes = try fields.decode([String: Done].self, forKey: .outcomes)
    current = try fields.decodeIfPresent(String.self, forKey: .key).map {
      ($0, try fields.decode(Data.self, forKey: .state))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(outcomes, forKey: .outcomes)
    try fields.encodeIfPresent(current?.key, forKey: .key)
    try fields.encodeIfPresent(current?.state, forKey: .state)
  }

  fileprivate mutating func finish(_ key: String, _ done: Done) {
    outcomes[key] = done
    current = nil
  }

  fileprivate mutating func keep(_ key: String, _ state: Data) { current = (key, state) }

  fileprivate func saved(_ key: String) -> Data? { current?.key == key ? current?.state : nil }
}

/// The states of a comparison, kept where a run that is interrupted can go on from them.
final class ComparisonStates {
  private var state: ComparisonState
  private let kept: ResumeState

  /// Goes on from what is kept.
  ///
  /// - Throws: ``ExperimentError`` when that is not the state of a comparison.
  init(_ kept: ResumeState) throws {
    self.kept = kept
    do {
      state =
        try kept.saved.map { try Self.decoder.decode(ComparisonState.self, from: $0) } ?? .init()
    } catch {
      throw ExperimentError("The state that was kept is not that of a comparison; delete its file.")
    }
  }

  /// What came of a method before; nil when it is not done.
  func outcome(_ key: String) -> ComparisonState.Done? { state.outcomes[key] }

  /// Keeps what came of a method.
  func finish(_ key: String, _ done: ComparisonState.Done) {
    state.finish(key, done)
    kept.save(always: true) { try Self.encoder.encode(state) }
  }

  /// Where a method keeps how far it has come.
  func states(_ key: String, of device: Device) -> MethodRun.ResumeStates {
    MethodRun.ResumeStates(saved: state.saved(key)) { make in
      self.kept.save {
        try device.check()
        self.state.keep(key, try make())
        return try Self.encoder.encode(self.state)
      }
    }
  }

  // Faithfulness is NaN where full model and empty circuit do not differ.
  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}
