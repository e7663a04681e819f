import Edgewise
import Foundation
import TestSupport
import Testing

/// Where runs are done, as the command takes it.
@Suite struct HardwareTests {
  @Test(.enabled(if: !CUDADevice.isDriverInstalled, "there is a driver here"))
  func `a card that is not there is one sentence`() throws {
    for command in [["discover", "--edges", "2"], ["ablate", "induction-tiny", "m0"]] {
      let outcome = try run(command + ["--device", "cuda"])
      #expect(outcome.status == 1 && outcome.output.isEmpty)
      #expect(outcome.errors.contains("There is no NVIDIA driver here"), "\(outcome)")
      #expect(outcome.errors.contains("or use --device cpu."))
    }
  }

  @Test(.enabled(if: !CUDADevice.isDriverInstalled, "there is a driver here"))
  func `what is found is the same for auto and cpu where there is no card`() throws {
    let runs = try ["auto", "cpu"].map {
      try run(["discover", "--edges", "2", "--json", "--device", $0])
    }
    let plans = try runs.map { outcome in
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      let plan = try #require((object as? [String: Any])?["plan"] as? [String: Any])
      #expect(plan["hardware"] == nil)
      return NSDictionary(dictionary: plan)
    }
    #expect(plans[0] == plans[1])
  }

  @Test func `names and precisions that are none are refused`() throws {
    let device = try run(["discover", "--device", "gpu"])
    #expect(device.status == 1 && device.errors.contains("found \"gpu\""), "\(device)")
    let precision = try run(["discover", "--precision", "float16"])
    #expect(precision.status == 64, "\(precision)")
    let processor = try run(["discover", "--device", "cpu", "--precision", "tf32"])
    #expect(processor.status == 1 && processor.errors.contains("float32 only"), "\(processor)")
  }
}
