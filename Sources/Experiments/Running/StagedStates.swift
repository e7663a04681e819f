import Foundation
import Methods
import Tensors

/// How far a run of several stages has come: what came of those that are done, and where the one under way stands.
struct StagedState<Outcome: Codable>: Codable {
  /// Outcomes by the names of their stages.
  private(set) var outcomes: [String: Outcome] = [:]
  /// The stage under way, and its own state.
  private var current: (key: String, state: Data)?

  private enum CodingKeys: String, CodingKey { case outcomes, key, state }

  /// Nothing done.
  init() {}

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    outcomes = try fields.decode([String: Outcome].self, forKey: .outcomes)
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

  fileprivate mutating func finish(_ key: String, _ outcome: Outcome) {
    outcomes[key] = outcome
    current = nil
  }

  fileprivate mutating func keep(_ key: String, _ state: Data) { current = (key, state) }

  fileprivate func saved(_ key: String) -> Data? { current?.key == key ? current?.state : nil }
}

/// The states of a run of several stages, kept where it can go on from them when it is interrupted.
final class StagedStates<Outcome: Codable> {
  private var state: StagedState<Outcome>
  private let kept: ResumeState

  /// Goes on from what is kept.
  ///
  /// - Throws: ``ExperimentError`` when that is not the state of such a run.
  init(_ kept: ResumeState) throws {
    self.kept = kept
    do {
      state = try kept.saved.map { try Self.decoder.decode(StagedState.self, from: $0) } ?? .init()
    } catch {
      throw ExperimentError("The state that was kept is not that of such a run; delete its file.")
    }
  }

  /// What came of a stage before; nil when it is not done.
  func outcome(_ key: String) -> Outcome? { state.outcomes[key] }

  /// Keeps what came of a stage.
  func finish(_ key: String, _ outcome: Outcome) {
    state.finish(key, outcome)
    kept.save(always: true) { try Self.encoder.encode(state) }
  }

  /// Where a stage keeps how far it has come.
  func states(_ key: String, of device: Device) -> MethodRun.ResumeStates {
    MethodRun.ResumeStates(saved: state.saved(key)) { make in
      self.kept.save {
        // What a card made of a fault is not kept.
        try device.check()
        self.state.keep(key, try make())
        return try Self.encoder.encode(self.state)
      }
    }
  }

  // Faithfulness is NaN where full model and empty circuit do not differ, and the score of an edge that is never taken is
  // infinite.
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
