import DeviceCases
import TestSupport
import Testing

/// Whole runs on a card's stand-in.
@Suite struct DeviceRunTests {
  @Test(arguments: DeviceCase.runs) func `a run finds what the processor finds`(run: DeviceCase)
    throws
  {
    let error = try run.error(on: .standIn())
    #expect(error <= run.tolerance, "\(error)")
  }

  @Test(arguments: goldenFamilies)
  func `a checkpoint's scores are the processor's`(
    family: String
  ) throws {
    let checkpoint = DeviceCase.checkpoint(try Golden(family).directory)
    let error = try checkpoint.error(on: .standIn())
    #expect(error <= checkpoint.tolerance, "\(error)")
  }
}
