import Engine
import Models
import Tasks
import Tensors
import TestSupport
import Testing

import Experiments

/// What prompts need, told before they are run.
@Suite struct PromptSizeTests {
  @Test func `a run that a device has no memory for is refused with the numbers`() throws {
    let model = Transformer.bundled()
    let task = try CircuitTask(
      name: "induction", pairs: try Induction().pairs(count: 3, seed: 0, model: model),
      metric: LogitDifference(), model: model)
    // The stand-in has 8 GiB.
    for (device, place, bytes) in [
      (Device.cpu, "this machine has", 1 << 60),
      (try .standIn(), "there are free on cuda:0 (Stand-in)", 9 << 30),
    ] {
      try task.requireMemory(1 << 20, for: model.moved(to: device))
      let error = #expect(throws: ExperimentError.self) {
        try task.requireMemory(bytes, for: model.moved(to: device))
      }
      #expect(error?.description.contains("\(place) ") == true, "\(error?.description ?? "")")
      #expect(error?.description.contains("take fewer or shorter prompts") == true)
    }
    var limited = model
    limited.memory = 1 << 20
    let error = #expect(throws: ExperimentError.self) {
      try task.requireMemory(1 << 21, for: limited)
    }
    #expect(error?.description.contains("needs about 2 MiB") == true)
    #expect(error?.description.contains("--memory allows 1 MiB") == true)
  }
}
