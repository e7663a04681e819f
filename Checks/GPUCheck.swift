import DeviceCases
import Edgewise
import Foundation

/// Holds an NVIDIA card to the processor, and times it: kernels, whole runs, checkpoints, repetition, speed.
///
/// Usage: `edgewise-gpu-check [--device cuda] [--checkpoints DIRECTORY] [--without-speed] [--speed-of SHAPE]`. Ends
/// with 1 when the card computes anything else than the processor. The last option times one shape and does nothing else.
@main
struct GPUCheck {
  static func main() {
    do {
      exit(try run() ? 0 : 1)
    } catch {
      print("\(error)")
      exit(1)
    }
  }

  private static func run() throws -> Bool {
    ProcessSettings.keepFreedMemory()
    let name = option("--device") ?? "cuda"
    var device = Device.cpu
    let opening = try seconds(on: .cpu) { device = try Device(named: name) }
    print("\(device), opened in \(Numbers.fixed(opening)) s\n")
    if let shape = option("--speed-of") {
      guard let known = SpeedShape.all.first(where: { $0.name == shape }) else {
        print("There is no shape \(shape): \(SpeedShape.all.map(\.name).joined(separator: ", ")).")
        return false
      }
      try known.time(onDeviceNamed: name)
      return true
    }
    var comparison = Comparison(device: device)
    comparison.hold("kernels", DeviceCase.kernels)
    comparison.hold("runs on small models", DeviceCase.runs)
    if let directory = option("--checkpoints") {
      comparison.hold("checkpoints", try checkpoints(in: URL(filePath: directory)))
    }
    comparison.repeatAll()
    try device.check()
    if !CommandLine.arguments.contains("--without-speed") {
      for shape in SpeedShape.all { try shape.time(onDeviceNamed: name) }
    }
    print(
      comparison.failures == 0 ? "All is as on the processor." : "\(comparison.failures) differ.")
    return comparison.failures == 0
  }

  private static func option(_ name: String) -> String? {
    let arguments = CommandLine.arguments
    return arguments.firstIndex(of: name).flatMap {
      $0 + 1 < arguments.count ? arguments[$0 + 1] : nil
    }
  }

  /// The directories that hold a model.
  private static func checkpoints(in directory: URL) throws -> [DeviceCase] {
    try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
      .filter { FileManager.default.fileExists(atPath: $0.appending(path: "config.json").path) }
      .sorted { $0.path < $1.path }.map(DeviceCase.checkpoint)
  }
}

/// Cases that are held against the processor, line by line.
struct Comparison {
  let device: Device
  private(set) var failures = 0
  private var cases: [DeviceCase] = []

  init(device: Device) { self.device = device }

  mutating func hold(_ title: String, _ cases: [DeviceCase]) {
    print("\(title): largest difference from the processor, as a share of the largest number")
    for item in cases {
      do {
        report(item.name, try item.error(on: device), limit: item.tolerance)
      } catch {
        failures += 1
        print("  FAILED  \(item.name): \(error)")
      }
    }
    self.cases += cases
    print("")
  }

  /// Whether everything gives the same bytes a second time.
  mutating func repeatAll() {
    let different = cases.filter { item in
      let runs = (0..<2).map { _ in try? item.values(device).map(\.bitPattern) }
      return runs[0] == nil || runs[0] != runs[1]
    }
    failures += different.count
    print(
      different.isEmpty
        ? "All \(cases.count) give the same bytes a second time.\n"
        : "FAILED  other bytes a second time: \(different.map(\.name).joined(separator: ", "))\n")
  }

  private mutating func report(_ name: String, _ error: Double, limit: Double) {
    let isGood = error <= limit
    if !isGood { failures += 1 }
    print(
      "  \(isGood ? "ok     " : "FAILED ") \(String(format: "%.1e of %.0e", error, limit))  \(name)"
    )
  }
}

/// How long some work takes until the device has done it.
func seconds(on device: Device, _ work: () throws -> Void) throws -> Double {
  let clock = ContinuousClock()
  try device.check()
  let start = clock.now
  try work()
  try device.check()
  let parts = (clock.now - start).components
  return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
}

/// The median of several times, after one that is not counted.
func median(of count: Int = 5, on device: Device, _ work: () throws -> Void) throws -> Double {
  try work()
  return try (0..<count).map { _ in try seconds(on: device, work) }.sorted()[count / 2]
}
