package import Foundation
package import Tensors

/// Writes safetensors files of any format, for tests.
package struct SafetensorsFile {
  package var tensors: [(name: String, dtype: String, shape: [Int], bytes: Data)] = []

  package init() {}

  package var data: Data {
    var (entries, body) = ([String](), Data())
    for tensor in tensors {
      let end = body.count + tensor.bytes.count
      entries.append(
        """
        "\(tensor.name)":{"dtype":"\(tensor.dtype)","shape":\(tensor.shape),"data_offsets":[\(body.count),\(end)]}
        """)
      body += tensor.bytes
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    return TorchFile.little(header.count, 8) + header + body
  }
}

extension Tensor {
  /// The numbers rounded to a format of plain numbers, as bytes, and what they are then.
  package func rounded(to format: ElementFormat) -> (bytes: Data, values: Tensor) {
    var (bytes, numbers) = (Data(), [Float]())
    for value in values() {
      switch format {
      case .f64:
        bytes += TorchFile.little(Int(bitPattern: UInt(Double(value).bitPattern)), 8)
        numbers.append(value)
      case .f16:
        bytes += TorchFile.little(Int(Float16(value).bitPattern), 2)
        numbers.append(Float(Float16(value)))
      case .bf16:
        bytes += TorchFile.little(Int(value.bitPattern >> 16), 2)
        numbers.append(Float(bitPattern: value.bitPattern & 0xFFFF_0000))
      case .f32:
        bytes += TorchFile.little(Int(value.bitPattern), 4)
        numbers.append(value)
      default: preconditionFailure("\(format) is quantised")
      }
    }
    return (bytes, Tensor(numbers, shape: shape))
  }
}
