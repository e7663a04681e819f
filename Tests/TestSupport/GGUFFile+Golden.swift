import Engine
import Files
import Foundation
import Models

extension GGUFFile {
  /// The golden Llama checkpoint as a GGUF file: names changed, rotary rows interleaved, as F32.
  package init(golden: GoldenModel) throws {
    self.init()
    let sizes = golden.model.configuration
    let alphabet = ((33...126).map { $0 } + Array(161...172)).prefix(sizes.vocabularySize)
    fields = [
      ("general.architecture", .text("llama")),
      ("llama.block_count", .integer(UInt32(sizes.layerCount))),
      ("llama.context_length", .integer(UInt32(sizes.contextLength))),
      ("llama.embedding_length", .integer(UInt32(sizes.dModel))),
      ("llama.feed_forward_length", .integer(UInt32(sizes.dMLP))),
      ("llama.attention.head_count", .integer(UInt32(sizes.headCount))),
      ("llama.attention.head_count_kv", .integer(UInt32(sizes.keyValueHeadCount))),
      ("llama.attention.layer_norm_rms_epsilon", .number(sizes.norm.epsilon)),
      ("llama.rope.freq_base", .number(10000)),
      ("tokenizer.ggml.model", .text("gpt2")), ("tokenizer.ggml.pre", .text("gpt-2")),
      ("tokenizer.ggml.tokens", .texts(alphabet.map { String(UnicodeScalar(UInt8($0))) })),
      ("tokenizer.ggml.token_type", .integers(alphabet.map { _ in 1 })),
      ("tokenizer.ggml.merges", .texts([])),
    ]
    let checkpoint = try Safetensors.read(
      golden.file.directory.appending(path: "model.safetensors"))
    for (name, stored) in checkpoint.tensors.sorted(by: { $0.key < $1.key }) {
      var bytes = Data(stored.bytes)
      for projection in ["q_proj", "k_proj"] where name.contains(projection) {
        bytes = interleaved(bytes, rowSize: 4 * stored.shape[1], dHead: sizes.dHead)
      }
      tensors.append(Stored(Self.name(name), shape: stored.shape, bytes: bytes))
    }
  }

  /// Rows of each head from halves to pairs.
  private func interleaved(_ bytes: Data, rowSize: Int, dHead: Int) -> Data {
    let rows = stride(from: 0, to: bytes.count, by: rowSize).map { bytes[$0..<($0 + rowSize)] }
    return stride(from: 0, to: rows.count, by: dHead).reduce(into: Data()) { result, head in
      for pair in 0..<(dHead / 2) {
        result += rows[head + pair] + rows[head + dHead / 2 + pair]
      }
    }
  }

  private static func name(_ name: String) -> String {
    let names = [
      "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
      "model.layers": "blk", "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q",
      "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
      "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
      "mlp.down_proj": "ffn_down",
    ]
    return names.sorted { $0.key < $1.key }.reduce(name) {
      $0.replacingOccurrences(of: $1.key, with: $1.value)
    }
  }
}
