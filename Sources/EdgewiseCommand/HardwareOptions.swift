public import ArgumentParser
public import Edgewise

extension CUDADevice.Precision: ExpressibleByArgument {}
extension ByteCount: ExpressibleByArgument {
  /// Reads the number of an option.
  public init?(argument: String) { self.init(argument) }
}

/// Where runs are done.
struct HardwareOptions: ParsableArguments {
  @Option(
    help: """
      cpu, cuda, a card by its number as cuda:1, or auto: the first NVIDIA card where there is one.
      """)
  var device = "auto"

  @Option(
    help: """
      How a card multiplies: float32 as the processor; tf32 rounds operands to 10 bits; bfloat16 also keeps \
      BF16 weights as they are.
      """)
  var precision: CUDADevice.Precision = .float32

  @Option(
    help: """
      Memory that runs may take beside the weights, such as 8G: batches are made as small, and long prompts keep less. \
      A run that needs more is refused before it starts, with what it needs. \
      (default: what makes runs fast)
      """)
  var memory: ByteCount?

  /// Opens the device, so that one that is not there is told of before anything else.
  func plan() throws -> Hardware? {
    .limited(try .named(device, precision: precision, note: note), to: memory?.bytes)
  }
}
