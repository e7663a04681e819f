package import Engine
package import Files
import Tensors

/// A family of checkpoints: it maps configuration keys and tensor names to the one transformer.
package protocol ModelFamily: Sendable {
  /// `model_type` in config.json, or `general.architecture` in a GGUF file.
  static var name: String { get }

  /// Reads the configuration and asks for every tensor that it implies.
  ///
  /// - Throws: `CheckpointError` for a bad field or tensor.
  static func load(
    _ fields: Fields, _ loader: inout WeightLoader
  ) throws(CheckpointError) -> (TransformerConfiguration, TransformerWeights)
}

/// The known families.
///
/// A new one is a file and a line here.
enum ModelFamilies {
  static let directories: [any ModelFamily.Type] = [
    GPT2.self, GPTNeoX.self, Llama.self, Qwen2.self, TransformerLens.self, Gemma2.self,
    Gemma3Text.self, Gemma3.self, OLMo2.self, OLMo.self, Qwen3.self, Mistral.self, Phi.self,
    Phi3.self, GPTJ.self, GPTNeo.self, OPT.self, StableLM.self, Granite.self, Falcon.self,
    StarCoder2.self, SmolLM3.self,
  ]
  static let ggufArchitectures: [any ModelFamily.Type] = [GGUFLlama.self]

  static func family(
    _ name: String?, _ known: [any ModelFamily.Type], _ fields: Fields
  ) throws(CheckpointError) -> any ModelFamily.Type {
    guard let family = known.first(where: { $0.name == name }) else {
      throw CheckpointError(
        fields.file, .unknownFamily(name ?? "", known: known.map { $0.name }))
    }
    return family
  }
}

extension Fields {
  /// Non-linearities by the names that configurations use.
  func activation(_ name: String, default fallback: String) throws(CheckpointError) -> Activation {
    let choices: KeyValuePairs<String, Activation> = [
      "gelu_new": .geluTanh, "gelu_pytorch_tanh": .geluTanh, "gelu_fast": .geluTanh,
      "gelu": .geluErf, "silu": .silu, "swish": .silu, "relu": .relu,
    ]
    let standard = choices.first { $0.key == fallback }?.value
    return try choice(name, of: choices, default: standard)
  }

  /// A number of heads that share the residual stream's width evenly.
  func headCount(_ name: String, dividing width: Int) throws(CheckpointError) -> Int {
    let heads = try integer(name, in: 1...width)
    guard width % heads == 0 else {
      throw CheckpointError(
        file, .badField(name, expected: "a divisor of the width \(width)", found: "\(heads)"))
    }
    return heads
  }

  /// Refuses a feature that would change the numbers if it were passed over.
  func refuse(_ isUsed: Bool, _ feature: String) throws(CheckpointError) {
    if isUsed { throw CheckpointError(file, .unsupported(feature)) }
  }
}
