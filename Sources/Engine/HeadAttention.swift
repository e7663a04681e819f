import Tensors

/// The inner part of a layer's attention: from queries, keys and values to head outputs.
///
/// Both engines share it; they differ in how they form queries, keys and values.
struct HeadAttention {
  let attention: PromptAttention
  let positions: [Int32]
  let rotary: Rotary?

  /// Queries, keys and values: inside of a run already turned by their positions, or gradients.
  struct Inputs {
    var query: Tensor  // [token, head · dHead]
    var key: Tensor  // [token, keyValueHead · dHead]
    var value: Tensor  // [token, keyValueHead · dHead]
  }

  /// Turns queries and keys by their positions, or back.
  func rotate(_ inputs: inout Inputs, inverse: Bool = false) {
    rotate(&inputs.query, headCount: attention.headCount, inverse: inverse)
    rotate(&inputs.key, headCount: attention.keyValueHeadCount, inverse: inverse)
  }

  /// Turns the queries or keys of some heads, `[token, head · dHead]`, by their positions.
  func rotate(_ x: inout Tensor, headCount: Int, inverse: Bool = false) {
    rotary?.rotate(&x, positions: positions, headCount: headCount, inverse: inverse)
  }

  /// The head outputs before the output matrix, `[token, head · dHead]`.
  func forward(_ inputs: Inputs) -> Tensor {
    attention.forward(q: inputs.query, k: inputs.key, v: inputs.value)
  }

  /// The outputs of some heads only, `[token, place among heads · dHead]`.
  func forward(_ inputs: Inputs, heads: [Int]) -> Tensor {
    let headCount = attention.headCount
    guard heads.count < headCount else { return forward(inputs) }
    let width = inputs.query.columnCount / headCount
    let shared = heads.map { $0 * attention.keyValueHeadCount / headCount }
    let some = PromptAttention(
      starts: attention.starts, headCount: heads.count, keyValueHeadCount: heads.count,
      scale: attention.scale, isCausal: attention.isCausal)
    return some.forward(
      q: inputs.query.gatherColumnBlocks(heads, width: width),
      k: inputs.key.gatherColumnBlocks(shared, width: width),
      v: inputs.value.gatherColumnBlocks(shared, width: width))
  }

  /// Gradients with respect to queries, keys and values before they were turned.
  ///
  /// All are `[token, head · dHead]`: each head has its own copy of a shared key or value.
  func backward(_ dz: Tensor, _ inputs: Inputs) -> Inputs {
    var (dq, dk, dv) = attention.backward(dz, q: inputs.query, k: inputs.key, v: inputs.value)
    let headCount = attention.headCount
    rotary?.rotate(&dq, positions: positions, headCount: headCount, inverse: true)
    rotary?.rotate(&dk, positions: positions, headCount: headCount, inverse: true)
    return Inputs(query: dq, key: dk, value: dv)
  }
}
