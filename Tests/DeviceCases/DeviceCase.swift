package import Tensors

/// Something that every device must compute as the processor does.
package struct DeviceCase: Sendable, CustomStringConvertible {
  package let name: String
  /// How far a device may be off, as a share of the largest number.
  package let tolerance: Double
  /// The numbers, computed on a device.
  package let values: @Sendable (Device) throws -> [Double]

  package var description: String { name }

  package init(
    _ name: String, tolerance: Double = 1e-5,
    values: @escaping @Sendable (Device) throws -> [Double]
  ) {
    self.name = name
    self.tolerance = tolerance
    self.values = values
  }

  /// A case of tensors.
  package init(
    _ name: String, tolerance: Double = 1e-5, tensors: @escaping @Sendable (Device) -> [Tensor]
  ) {
    self.init(name, tolerance: tolerance) { device in
      tensors(device).flatMap { $0.values().map(Double.init) }
    }
  }

  /// How far a device is off, as a share of the largest number; infinite where a number is missing or NaN.
  ///
  /// - Throws: What a computation does, or what went wrong on the device.
  package func error(on device: Device) throws -> Double {
    let expected = try values(.cpu)
    let found = try values(device)
    try device.check()
    let largest = expected.map(abs).max() ?? 0
    guard found.count == expected.count, largest > 0 else { return .infinity }
    return zip(found, expected).reduce(0) { worst, pair in
      let error = abs(pair.0 - pair.1) / largest
      return error <= worst ? worst : error.isNaN ? .infinity : error
    }
  }
}

/// Numbers between −1 and 1 that follow from a seed, on a device.
func random(_ shape: [Int], _ seed: UInt64, on device: Device) -> Tensor {
  var generator = SeededGenerator(seed: seed)
  let numbers = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &generator) }
  return Tensor(numbers, shape: shape, on: device)
}
