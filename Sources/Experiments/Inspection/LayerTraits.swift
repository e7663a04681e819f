import Engine
import Reports

/// What layers of a model have beyond plain attention and MLPs, and which of them; nil for what none has.
struct LayerTraits: Encodable {
  /// How many tokens a token sees.
  let windows: [LayerTrait<Int>]?
  /// What scores are multiplied by where it is not `1/√dHead`.
  let attentionScales: [LayerTrait<Float>]?
  /// What scores are kept within.
  let scoreCaps: [LayerTrait<Float>]?
  /// What queries, keys and values are cut off at.
  let inputLimits: [LayerTrait<Float>]?
  /// Norms of queries and keys.
  let headNorms: [LayerTrait<String>]?
  /// Norms of what is written.
  let outputNorms: [LayerTrait<String>]?
  /// How queries and keys are turned.
  let rotary: [LayerTrait<RotarySummary>]?
  private let layerCount: Int
  private let headWidth: Int

  private enum CodingKeys: String, CodingKey {
    case windows, attentionScales, scoreCaps, inputLimits, headNorms, outputNorms, rotary
  }

  init(_ model: Transformer) {
    let (variants, blocks) = (model.configuration.layers, model.weights.blocks)
    (layerCount, headWidth) = (variants.count, model.configuration.dHead)
    let usualScale = 1 / Float(headWidth).squareRoot()
    windows = LayerTrait.all(variants.map(\.window))
    attentionScales = LayerTrait.all(
      variants.map {
        abs($0.attentionScale / usualScale - 1) < 1e-6 ? nil : $0.attentionScale
      })
    scoreCaps = LayerTrait.all(variants.map(\.scoreCap))
    inputLimits = LayerTrait.all(variants.map(\.inputLimit))
    headNorms = LayerTrait.all(
      zip(variants, blocks).map { $1.attention.normNames($0.headNormSpan) })
    outputNorms = LayerTrait.all(blocks.map(\.outputNormNames))
    rotary = LayerTrait.all(
      variants.map { variant in
        variant.rotaryFrequencies.flatMap {
          $0.isEmpty ? nil : RotarySummary($0, amplitude: variant.rotaryAmplitude)
        }
      })
  }

  /// What is there in words, by name.
  var rows: [(name: String, text: String)] {
    let rows = [
      ("window", text(windows) { Numbers.count($0, "token") }),
      ("score scale", text(attentionScales) { Numbers.plain(Double($0)) }),
      ("score cap", text(scoreCaps) { Numbers.plain(Double($0)) }),
      ("queries, keys, values", text(inputLimits) { "cut off at ±\(Numbers.plain(Double($0)))" }),
      ("norms inside", text(headNorms) { $0 }), ("norms after", text(outputNorms) { $0 }),
    ]
    return rows.compactMap { name, text in text.map { (name, $0) } }
  }

  /// How queries and keys are turned, in words; nil where no layer turns them.
  var rotaryText: String? {
    guard let rotary, let text = text(rotary, { $0.text(width: headWidth) }) else { return nil }
    let plain = (0..<layerCount).filter { layer in !rotary.contains { $0.layers.contains(layer) } }
    return plain.isEmpty ? text : "\(text); none in \(layerNames(plain, of: layerCount))"
  }

  private func text<Value>(
    _ traits: [LayerTrait<Value>]?, _ words: (Value) -> String
  ) -> String? {
    traits?.map { $0.text(of: layerCount, words) }.joined(separator: "; ")
  }
}

extension AttentionWeights {
  /// What is normalised, and over what; nil for nothing.
  fileprivate func normNames(_ span: HeadNormSpan) -> String? {
    let names = [queryNorm.map { _ in "queries" }, keyNorm.map { _ in "keys" }].compactMap(\.self)
    guard !names.isEmpty else { return nil }
    return names.joined(separator: " and ")
      + (span == .layer ? " of all heads together" : " of each head")
  }
}

extension BlockWeights {
  /// After what there is a norm; nil for nothing.
  fileprivate var outputNormNames: String? {
    let names = [
      attentionOutputNorm.map { _ in "attention" }, mlpOutputNorm.map { _ in "MLP" },
    ].compactMap(\.self)
    return names.isEmpty ? nil : names.joined(separator: " and ")
  }
}
