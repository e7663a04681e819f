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
  static let ggufArchitectures: [any ModelFamily.Type] = [
    GGUFLlama.self, GGUFQwen2.self, GGUFQwen3.self, GGUFGemma2.self, GGUFGemma3.self,
    GGUFOLMo2.self, GGUFGranite.self, GGUFPhi2.self, GGUFPhi3.self, GGUFGPT2.self, GGUFGPTNeoX.self,
    GGUFFalcon.self, GGUFStarCoder2.self, GGUFStableLM.self,
  ]

  static func family(
    _ name: String?, _ known: [any ModelFamily.Type], _ fields: Fields
  ) throws(CheckpointError) -> any ModelFamily.Type {
    guard let family = known.first(where: { $0.name == name }) else {
      if let name, let kind = fields.unsupportedKind {
        throw CheckpointError(fields.file, .unsupported("the architecture \"\(name)\", \(kind),"))
      }
      throw CheckpointError(
        fields.file, .unknownFamily(name ?? "", known: known.map { $0.name }))
    }
    return family
  }
}

extension Fields {
  /// What kind of model a configuration describes that no family here is of, as far as it tells.
  fileprivate var unsupportedKind: String? {
    let kinds: KeyValuePairs<String, [String]> = [
      "a mixture of experts": ["num_experts", "num_local_experts", "n_routed_experts"],
      "a model that sees images": ["vision_config"],
      "a state-space model": ["state_size", "ssm_cfg", "mamba_d_state"],
      "an encoder": ["type_vocab_size"],
    ]
    if values["is_encoder_decoder"] == .flag(true) { return "an encoder and a decoder" }
    return kinds.first { $0.value.contains(where: contains) }?.key
  }

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
