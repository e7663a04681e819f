import Edgewise
import Foundation

extension DeviceCase {
  /// Products of matrices in all directions, batches and formats.
  static let products =
    [
      DeviceCase("products") { device in
        let (a, b) = (random([30, 20], 70, on: device), random([20, 30], 71, on: device))
        var sum = Tensor.product(a.matrix, b.matrix)
        sum.add([
          MatrixProduct(b.matrix.transposed, a.matrix.transposed, into: sum.layout)
        ])
        return [
          sum, .product(a.matrix.transposed, a.matrix), .product(a.matrix, a.matrix.transposed),
        ]
      },
      DeviceCase("products with long sums") { device in
        let (a, b) = (random([3, 1 << 17], 74, on: device), random([2, 1 << 17], 75, on: device))
        var sum = random([4, 9], 76, on: device)
        let target = sum.layout.rows(1..<4).columns(2..<4)
        sum.add([MatrixProduct(a.matrix, b.matrix.transposed, into: target)])
        sum.add([MatrixProduct(a.matrix, b.transposed().matrix, into: target)])
        return [sum]
      },
      DeviceCase("products of windows at even and uneven distances") { device in
        let (x, weight) = (random([7, 48], 72, on: device), random([10, 48], 73, on: device))
        var all = Tensor(zeros: [6 * 7, 10], on: device)
        let target = all.layout
        let product = { (block: Int, head: Int) in
          MatrixProduct(
            x.matrix.columns((head * 8)..<(head * 8 + 8)),
            weight.matrix.columns((head * 8)..<(head * 8 + 8)).transposed,
            into: target.rows((block * 7)..<(block * 7 + 7)))
        }
        all.replace([0, 1, 2, 5, 3, 4].enumerated().map { product($0, $1) })
        return [all]
      },
    ] + ElementFormat.allCases.map(stored)

  /// A weight as a file stores it: decoded, picked, and multiplied whole, in parts and in batches.
  private static func stored(_ format: ElementFormat) -> DeviceCase {
    DeviceCase("weights in \(format.rawValue)") { device in
      let weight = Self.weight(format, on: device)
      let (x, dy) = (random([5, width(format)], 80, on: device), random([5, 64], 81, on: device))
      var heads = Tensor(zeros: [3 * 5, 64], on: device)
      let target = heads.layout
      heads.add(
        (0..<3).map { head in
          let columns = (head * 32)..<(head * 32 + 32)
          return MatrixProduct(
            x.matrix.columns(columns), weight.matrix.columns(columns).transposed,
            into: target.rows((head * 5)..<(head * 5 + 5)))
        })
      let middle = weight.matrix.rows(7..<50).columns(32..<64)
      return [
        weight.float32, weight.gatherRows([63, 0, 0, 5]), weight.movedRows([2, 9]).float32,
        .product(x.matrix, weight.matrix.transposed), .product(dy.matrix, weight.matrix), heads,
        .product(x.matrix.columns(32..<64), middle.transposed),
      ]
    }
  }

  /// 64 rows of numbers between about −1 and 1, made of bits that follow from a seed.
  private static func weight(_ format: ElementFormat, on device: Device) -> Tensor {
    let shape = [64, width(format)]
    let bytes = format.randomBytes(count: shape.reduce(1, *), seed: 82)
    var move = Tensor.Move(to: device)
    return move(Tensor(mapping: bytes, as: format, shape: shape))
  }

  /// At least 96 columns, of whole blocks.
  private static func width(_ format: ElementFormat) -> Int { format.blockCount > 96 ? 512 : 96 }
}
