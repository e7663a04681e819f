import Tensors

/// The norm of queries, or of keys, before they are turned by their positions: of each head's, or of those of all
/// heads of a layer as one row.
///
/// Rows are divided by their deviation, and then multiplied by scales, `[dHead]` for all heads or `[source · dHead]`,
/// where a *source* is a head of the model's matrix, which several readers may share.
struct HeadNorm {
  let span: HeadNormSpan
  private let scale: Tensor
  private let dHead: Int
  /// A norm of the widest rows, with scales of 1.
  private let widest: Normalization

  init(_ norm: Normalization, span: HeadNormSpan, dHead: Int, widestCount: Int) {
    self.span = span
    self.dHead = dHead
    scale = norm.scale
    let width = (span == .layer ? widestCount : 1) * dHead
    let ones = Tensor(
      [Float](repeating: 1, count: width), shape: [width], on: norm.scale.device)
    widest = Normalization(scale: ones, bias: nil, epsilon: norm.epsilon, kind: norm.kind)
      .holdingDeviation(norm.holdsDeviation)
  }

  /// The norm over rows of a width.
  private func unit(_ width: Int) -> Normalization {
    guard width != widest.scale.count else { return widest }
    return Normalization(
      scale: widest.scale.slice(0..<width), bias: nil, epsilon: widest.epsilon, kind: widest.kind
    ).holdingDeviation(widest.holdsDeviation)
  }

  /// What is normalised as one, a row each.
  private func rows(_ x: Tensor) -> Tensor {
    span == .layer ? x : x.reshaped([x.count / dHead, dHead])
  }

  /// The scales of some heads, `[place · dHead]`.
  private func factors(_ sources: [Int]) -> Tensor {
    let table = scale.reshaped([scale.count / dHead, dHead])
    return table.gatherRows(places(sources)).reshaped([sources.count * dHead])
  }

  /// The rows of the table of scales that some heads have.
  private func places(_ sources: [Int]) -> [Int32] {
    scale.count == dHead ? sources.map { _ in 0 } : sources.map(Int32.init)
  }

  /// - Parameters:
  ///   - x: `[token, place · dHead]`.
  ///   - sources: The source of each place.
  /// - Returns: The normalised values, of `x`'s shape.
  func forward(_ x: Tensor, _ sources: [Int]) -> Tensor {
    let rows = rows(x)
    var y = unit(rows.columnCount).forward(rows).output.reshaped(x.shape)
    y.scale(columnsBy: factors(sources))
    return y
  }

  /// The gradient with respect to `x`, from that of the normalised values.
  func backward(_ dy: Tensor, x: Tensor, _ sources: [Int]) -> Tensor {
    var dnormal = dy
    dnormal.scale(columnsBy: factors(sources))
    let (rows, drows) = (rows(x), rows(dnormal))
    let unit = unit(rows.columnCount)
    return unit.backward(drows, x: rows, statistics: unit.forward(rows).statistics)
      .reshaped(x.shape)
  }

  /// Adds the gradient of the scales to those so far.
  func addGradients(_ dy: Tensor, x: Tensor, _ sources: [Int], to sum: inout Normalization) {
    let rows = rows(x)
    let normal = unit(rows.columnCount).forward(rows).output.reshaped(x.shape)
    var table = sum.scale.reshaped([scale.count / dHead, dHead])
    table.scatterAdd(
      normal.columnProducts(dy).reshaped([sources.count, dHead]), to: places(sources))
    sum.scale = table.reshaped([scale.count])
  }
}
