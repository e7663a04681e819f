import Experiments
import Methods
import Testing

@Suite struct EstimateTests {
  private func estimate(_ method: String, pass: Double) throws -> RunEstimate {
    try PreparedDiscovery(
      DiscoveryPlan(
        model: ModelReference("induction-tiny"), task: TaskPlan(count: 10),
        method: MethodChoice(method))
    ).estimate(pass: pass)
  }

  /// 151 edges; a backward pass takes two forward ones.
  @Test(arguments: [
    ("eap", 4.0), ("eap-ig:steps=3", 11), ("exact", 153), ("acdc:tau=0.1/0.2", 304), ("hisp", 3),
  ]) func `seconds are those of passes`(method: String, seconds: Double) throws {
    #expect(try estimate(method, pass: 1).seconds == seconds)
    #expect(try estimate(method, pass: 0.5).seconds == seconds / 2)
  }

  @Test func `what takes more than an hour is warned of, with what to do instead`() throws {
    let long = try estimate("acdc", pass: 30)
    #expect(long.warning?.contains("1:17 h") ?? false, "\(long)")
    #expect(long.warning?.contains("exact:among=RUN") ?? false)
    #expect(try estimate("acdc", pass: 23).warning == nil)
    #expect(long.line.contains("153 forward passes, 0 backward passes"))
    #expect(try estimate("eap", pass: 1).line.contains("2 forward passes, 1 backward pass over"))
  }

  @Test(arguments: [(0.0, 0.3), (-1, 0.3), (.nan, 0.3), (0.5, 1), (0.5, -0.1), (0.5, .nan)])
  func `plans that cannot be run are refused in a sentence`(keep: Double, holdout: Double) throws {
    let plan = DiscoveryPlan(
      model: ModelReference("induction-tiny"), task: TaskPlan(count: 5, holdout: holdout),
      method: try MethodChoice("eap"), selection: SelectionPlan(keep: keep))
    let error = #expect(throws: ExperimentError.self) { try PreparedDiscovery(plan) }
    #expect(error?.description.contains("should be") ?? false)
  }
}
