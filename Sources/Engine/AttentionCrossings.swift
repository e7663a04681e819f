import Tensors

extension PlainRun {
  /// What each head carries from some tokens to others, to first order in its output.
  ///
  /// For keys and for values, those of one segment's tokens are replaced by what they are when every edge is ablated;
  /// the change of the head's output `z`, its pattern recomputed, is multiplied with the gradient there: `⟨z − z′, ∂L/∂z⟩`.
  ///
  /// - Parameters:
  ///   - result: A run.
  ///   - gradients: What ``backward(_:_:given:holding:)`` returned for it.
  ///   - ablated: The ablated values of its tokens.
  ///   - segments: For each token the place of its segment.
  ///   - count: How many segments there are.
  /// - Returns: `[layer, head, key or value, source, target]`.
  /// - Complexity: For each segment the attention of all layers, twice.
  package func crossings(
    _ result: TapedResult, _ gradients: ReaderGradients, ablated: AblatedStream, segments: [Int],
    count: Int
  ) -> [Double] {
    let dz = outputGradients(gradients, result.tape)
    let headCount = model.configuration.headCount
    let rows = (0..<count).map { segment in
      segments.indices.filter { segments[$0] == segment }.map(Int32.init)
    }
    var sums = [Double](repeating: 0, count: layers.count * headCount * 2 * count * count)
    for (index, layer) in layers.enumerated() {
      let attention = layer.attention
      let inputs = result.tape.layers[index].attention.inputs
      let others = attention.inputs(ablated.attentionReads[index]).inputs
      let z = attention.attend(inputs)
      let perHead = [z.rowCount * headCount, attention.dHead]
      for (source, tokens) in rows.enumerated() where !tokens.isEmpty {
        for kind in 0..<2 {
          var changed = inputs
          if kind == 0 {
            changed.key.replaceRows(tokens, with: others.key.gatherRows(tokens))
          } else {
            changed.value.replaceRows(tokens, with: others.value.gatherRows(tokens))
          }
          let products = (z - attention.attend(changed)).reshaped(perHead)
            .rowProducts(dz[index].reshaped(perHead))
          for (row, product) in products.enumerated() {
            let (token, head) = row.quotientAndRemainder(dividingBy: headCount)
            let place = ((index * headCount + head) * 2 + kind) * count + source
            sums[place * count + segments[token]] += product
          }
        }
      }
    }
    return sums
  }
}
