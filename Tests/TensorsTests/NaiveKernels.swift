import Foundation
import Tensors

/// The kernels in the plainest form, in Float64: what they mean, and what tests compare them with.
enum Naive {
  /// A divergence of one distribution from another, both as log-probabilities.
  static func divergence(
    _ kind: Tensor.Divergence, _ own: [Float], from reference: [Float]
  ) -> Double {
    zip(own, reference).reduce(0) { sum, pair in
      let (logQ, logP) = (Double(pair.0), Double(pair.1))
      let (q, p) = (exp(logQ), exp(logP))
      let logM = log((p + q) / 2)
      return switch kind {
      case .kl: sum + p * (logP - logQ)
      case .reverseKL: sum + q * (logQ - logP)
      case .jensenShannon: sum + p * (logP - logM) / 2 + q * (logQ - logM) / 2
      }
    }
  }

  static func product(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (rows, inner, columns) = (a.shape[0], a.shape[1], b.shape[1])
    return tensor([rows, columns]) { index in
      let (row, column) = (index / columns, index % columns)
      var sum = 0.0
      for k in 0..<inner { sum += double(a, row * inner + k) * double(b, k * columns + column) }
      return sum
    }
  }

  static func norm(_ x: Tensor, _ norm: Normalization) -> Tensor {
    rows(x) { row in
      let mean = norm.kind == .layer ? row.reduce(0, +) / Double(row.count) : 0
      let variance = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(row.count)
      let deviation = (variance + Double(norm.epsilon)).squareRoot()
      return row.indices.map { column -> Double in
        let bias = norm.bias.map { double($0, column) } ?? 0
        return (row[column] - mean) / deviation * double(norm.scale, column) + bias
      }
    }
  }

  static func activate(_ x: Double, _ kind: Activation) -> Double {
    switch kind {
    case .geluTanh: x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .geluErf: x / 2 * (1 + erf(x / 2.0.squareRoot()))
    case .silu: x / (1 + exp(-x))
    case .relu: max(x, 0)
    case .tanh: tanh(x)
    case .hardTanh: min(max(x, -1), 1)
    }
  }

  static func softmax(_ x: Tensor, valid: [Int32]) -> Tensor {
    var index = -1
    return rows(x) { row in
      index += 1
      let count = Int(valid[index])
      let sum = row.prefix(count).map { exp($0) }.reduce(0, +)
      return row.indices.map { $0 < count ? exp(row[$0]) / sum : 0 }
    }
  }

  /// Rotates pairs (first, second) of one head at a position.
  static func rotary(
    _ x: Tensor, frequencies: [Double], positions: [Int32], headCount: Int
  ) -> Tensor {
    let width = x.columnCount / headCount
    var result = x.values().map(Double.init)
    for (token, position) in positions.enumerated() {
      for head in 0..<headCount {
        for (pair, frequency) in frequencies.enumerated() {
          let start = (token * headCount + head) * width
          let first = start + pair
          let second = first + frequencies.count
          let angle = Double(position) * frequency
          let (a, b) = (double(x, first), double(x, second))
          result[first] = a * cos(angle) - b * sin(angle)
          result[second] = a * sin(angle) + b * cos(angle)
        }
      }
    }
    return Tensor(result.map(Float.init), shape: x.shape)
  }

  static func attention(_ attention: PromptAttention, q: Tensor, k: Tensor, v: Tensor) -> Tensor {
    let heads = attention.headCount
    let width = q.columnCount / heads
    let group = heads / attention.keyValueHeadCount
    let at = { (x: Tensor, token: Int, head: Int, index: Int) in
      double(x, token * x.columnCount + head * width + index)
    }
    var result = [Float](repeating: 0, count: q.count)
    for (start, end) in zip(attention.starts, attention.starts.dropFirst()) {
      for head in 0..<heads {
        for query in Int(start)..<Int(end) {
          let last = attention.isCausal ? query : Int(end) - 1
          let keys = max(Int(start), last + 1 - (attention.window ?? .max / 2))...last
          let scores = keys.map { key -> Double in
            var product = 0.0
            for index in 0..<width {
              product += at(q, query, head, index) * at(k, key, head / group, index)
            }
            let score = Double(attention.scale) * product
            return exp(attention.cap.map { Double($0) * tanh(score / Double($0)) } ?? score)
          }
          let sum = scores.reduce(0, +)
          for index in 0..<width {
            var z = 0.0
            for (key, score) in zip(keys, scores) {
              z += score / sum * at(v, key, head / group, index)
            }
            result[query * q.columnCount + head * width + index] = Float(z)
          }
        }
      }
    }
    return Tensor(result, shape: q.shape)
  }

  private static func double(_ x: Tensor, _ index: Int) -> Double {
    Double(x.reshaped([x.count])[index])
  }

  private static func tensor(_ shape: [Int], _ value: (Int) -> Double) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { Float(value($0)) }, shape: shape)
  }

  static func rows(_ x: Tensor, _ transform: ([Double]) -> [Double]) -> Tensor {
    Tensor(
      (0..<x.rowCount).flatMap { transform(x.row($0).map(Double.init)).map(Float.init) },
      shape: x.shape)
  }
}
