import Engine
import Files
import Foundation
import Models
import TestSupport
import Testing

@Suite struct GGUFTests {
  private func load(_ file: GGUFFile) throws -> Transformer { try load(file.data) }

  private func load(_ data: Data) throws -> Transformer {
    try withTemporaryDirectory { directory in
      let url = directory.appending(path: "model.gguf")
      try data.write(to: url)
      return try Transformer(contentsOf: url)
    }
  }

  @Test func `Llama as GGUF gives the golden logits`() throws {
    let golden = try GoldenModel("llama")
    let model = try load(GGUFFile(golden: golden))
    #expect(model.tokenizer?.encode("!\"#") == [0, 1, 2])
    expectClose(
      model.logits(golden.clean, rows: golden.allRows), try golden.expectedLogits("logits.clean"),
      relative: 1e-4)
  }

  typealias Fault = (name: String, change: @Sendable (inout GGUFFile) -> Void, says: String)

  static let faults: [Fault] = [
    ("magic", { $0.magic = Data("GGML".utf8) }, "does not start with \"GGUF\""),
    ("version", { $0.version = 2 }, "GGUF version 2"),
    ("too many fields", { $0.fieldCount = .max }, "ends inside the list of fields"),
    ("too many tensors", { $0.tensorCount = 1 << 60 }, "ends inside the list of tensors"),
    (
      "architecture", { $0.set("general.architecture", .text("mamba")) },
      "architecture \"mamba\" is not known"
    ),
    ("no layers", { $0.set("llama.block_count", .integer(0)) }, "\"llama.block_count\" should be"),
    (
      "huge width", { $0.set("llama.embedding_length", .integer(.max)) },
      "\"llama.embedding_length\" should be"
    ),
    ("width as text", { $0.set("llama.embedding_length", .text("32")) }, "found \"32\""),
    ("missing field", { $0.remove("llama.context_length") }, "found nothing"),
    (
      "heads of one element", { $0.set("llama.attention.key_length", .integer(1)) },
      "rotates part of a head"
    ),
    (
      "angles divided by zero",
      {
        $0.tensors.append(
          GGUFFile.Stored("rope_freqs.weight", shape: [4], bytes: Data(count: 16)))
      }, "\"rope_freqs.weight\" should be positive numbers"
    ),
    ("heads", { $0.set("llama.attention.head_count_kv", .integer(3)) }, "divisor of the 4 heads"),
    (
      "missing tensor", { $0.tensors.removeAll { $0.name == "output_norm.weight" } },
      "needs a tensor \"output_norm.weight\" of shape [32]"
    ),
    (
      "extra tensor",
      { $0.tensors.append(GGUFFile.Stored("blk.9.extra", shape: [1], bytes: Data(count: 4))) },
      "no place for 1 tensors: blk.9.extra"
    ),
    ("shape", { $0.tensors[0].shape = [56, 16] }, "should have shape"),
    (
      "unknown format", { $0.tensors[0].type = 21 },
      "stored as IQ3_S, which is not read; read are F64"
    ),
    ("format of no number", { $0.tensors[0].type = 99 }, "stored as type 99"),
    ("offset", { $0.tensors[0].offset = 1 << 40 }, "ends inside tensor"),
    ("overlap", { $0.tensors[1].offset = 0 }, "overlaps another tensor"),
    ("twice", { $0.tensors[1].name = $0.tensors[0].name }, "is listed twice"),
    ("overflowing shape", { $0.tensors[0].shape = [1 << 62, 8] }, "impossible shape"),
    (
      "part of a block",
      {
        $0.tensors[0].type = 8
        $0.tensors[0].shape = [32, 33]
      }, "impossible shape"
    ),
    (
      "part of a large block",
      {
        $0.tensors[0].type = 12
        $0.tensors[0].shape = [8, 224]
      }, "impossible shape [8, 224] for Q4_K"
    ),
    ("many axes", { $0.tensors[0].shape = [1, 1, 1, 1, 1] }, "has 5 axes"),
    (
      "holds NaN",
      { file in
        // Vectors are read when a model is loaded, matrices when they are used.
        for index in file.tensors.indices where file.tensors[index].name == "output_norm.weight" {
          file.tensors[index].bytes.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F])
        }
      }, "holds NaN"
    ),
    ("tokenizer", { $0.set("tokenizer.ggml.model", .text("bert")) }, "tokenizer \"bert\""),
    (
      "scores", { $0.set("tokenizer.ggml.model", .text("llama")) },
      "\"tokenizer.ggml.scores\" should be a number for each of"
    ),
    ("pre-tokenizer", { $0.set("tokenizer.ggml.pre", .text("odd")) }, "pre-tokenizer \"odd\""),
    ("merge", { $0.set("tokenizer.ggml.merges", .texts(["abc"])) }, "merge \"abc\""),
    ("unknown merge", { $0.set("tokenizer.ggml.merges", .texts(["a é"])) }, "merge \"a é\""),
    ("tokens", { $0.set("tokenizer.ggml.tokens", .integer(3)) }, "should be a list of texts"),
    (
      "no bytes",
      {
        $0.set("llama.vocab_size", .integer(61))
        $0.set("tokenizer.ggml.tokens", .texts(["ab"]))
      }, "no token for any byte"
    ),
    (
      "more tokens than embeddings",
      { file in
        file.set("llama.vocab_size", .integer(61))
        file.set(
          "tokenizer.ggml.tokens", .texts((0..<90).map { String(UnicodeScalar(UInt8(33 + $0))) }))
      }, "the model knows only 61"
    ),
  ]

  @Test(arguments: faults.indices) func `a fault gives its own error`(index: Int) throws {
    let fault = Self.faults[index]
    var file = try GGUFFile(golden: GoldenModel("llama"))
    fault.change(&file)
    let text: String
    do {
      // What is wrong with the tokenizer is kept for prompts that are text.
      text = try load(file).tokenizerProblem ?? ""
    } catch {
      text = "\(error)"
    }
    #expect(text.contains(fault.says), "\(fault.name): \(text)")
  }

  @Test func `a file cut anywhere is an error and no trap`() throws {
    let data = try GGUFFile(golden: GoldenModel("llama")).data
    var lengths = Set((0..<64).map { $0 * data.count / 64 })
    lengths.formUnion(0..<80)
    for length in lengths.sorted() {
      #expect(throws: CheckpointError.self, "\(length)") { try load(data.prefix(length)) }
    }
  }
}
