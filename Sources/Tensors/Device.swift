/// Where tensors lie and kernels run.
public enum Device: Hashable, Sendable {
  /// The processor and its main memory.
  case cpu

  /// The kernels of this device.
  var backend: any Backend {
    switch self {
    case .cpu: CPUBackend()
    }
  }
}
