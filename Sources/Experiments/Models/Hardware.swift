import Engine
public import Tensors

/// Where runs are done, and how a card multiplies matrices: part of what a run is, since digits depend on it.
public struct Hardware: Sendable, Hashable, Codable {
  /// A device's name: `cpu`, `cuda`, `cuda:1`.
  public var device: String
  /// How a card multiplies matrices; the processor has Float32 only.
  public var precision: CUDADevice.Precision
  /// Bytes that runs may take beside the weights; nil for as many as make them fast.
  public var memory: Int?

  /// Names a device.
  public init(
    device: String = "cpu", precision: CUDADevice.Precision = .float32, memory: Int? = nil
  ) {
    self.device = device
    self.precision = precision
    self.memory = memory
  }

  /// The same hardware, the processor for nil, with a limit to what runs may take.
  ///
  /// - Parameters:
  ///   - hardware: Where runs are done.
  ///   - memory: Bytes beside the weights; nil for no limit.
  /// - Returns: The hardware; nil for the processor without a limit.
  public static func limited(_ hardware: Hardware?, to memory: Int?) -> Hardware? {
    guard let memory else { return hardware }
    var limited = hardware ?? Hardware()
    limited.memory = memory
    return limited
  }

  /// The first card that can be used, else the processor.
  ///
  /// - Parameters:
  ///   - precision: How a card is to multiply matrices.
  ///   - note: Is told why a card that is there cannot be used.
  /// - Returns: The processor as nil, so that plans for it are the same everywhere.
  /// - Throws: `CUDAError` when a precision is asked for that the processor does not have, and there is no card.
  public static func automatic(
    precision: CUDADevice.Precision = .float32, note: (String) -> Void = { _ in }
  ) throws -> Hardware? {
    do {
      _ = try CUDADevice.open(precision: precision)
      return Hardware(device: "cuda:0", precision: precision)
    } catch {
      if CUDADevice.isDriverInstalled { note("note: runs are done on the processor. \(error)") }
      _ = try Device(named: "cpu", precision: precision)
      return nil
    }
  }

  /// The device of a name; nil for the processor, so that plans for it are the same everywhere.
  ///
  /// - Parameters:
  ///   - device: `cpu`, `cuda`, `cuda:1` or `auto`.
  ///   - precision: How a card is to multiply matrices.
  ///   - note: Is told why a card that is there cannot be used, where that is left open.
  /// - Returns: Hardware that can be used.
  /// - Throws: `CUDAError` when there is no such device, or it cannot be used.
  public static func named(
    _ device: String, precision: CUDADevice.Precision = .float32, note: (String) -> Void = { _ in }
  ) throws -> Hardware? {
    guard device != "auto" else { return try automatic(precision: precision, note: note) }
    guard case .cuda(let card) = try Device(named: device, precision: precision) else { return nil }
    return Hardware(device: "cuda:\(card.index)", precision: precision)
  }

  /// Opens the device.
  ///
  /// - Throws: `CUDAError` when there is no such device, or it cannot be used.
  public func open() throws -> Device { try Device(named: device, precision: precision) }
}

extension LoadedModel {
  /// The same model on other hardware; on the processor for nil.
  ///
  /// - Throws: `CUDAError` when the device cannot be used, or has no room for the model.
  func moved(to hardware: Hardware?) throws -> LoadedModel {
    guard let hardware else { return self }
    var moved = try model.moved(to: hardware.open())
    moved.memory = hardware.memory
    return LoadedModel(model: moved, known: known, files: files)
  }
}

extension Device {
  /// What tells runs of different last digits apart: the kind of device, and the precision.
  var identity: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let card): "\(card.name) in \(card.precision.rawValue)"
    }
  }

  /// What a heading says of where a run is done; nothing of the processor.
  var heading: String {
    switch self {
    case .cpu: ""
    case .cuda(let card):
      ", on \(card)" + (card.precision == .float32 ? "" : " in \(card.precision.rawValue)")
    }
  }
}
