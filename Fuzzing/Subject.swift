import Edgewise
import Foundation

/// A kind of file that is read: a sample, what else must lie beside it, and what reads it.
struct Subject {
  /// The sample, below the tests' fixtures; it is read under its own name.
  let sample: String
  /// Files that are copied unchanged.
  var others: [String] = []
  /// Reads the file in its directory.
  let read: (URL) throws -> Void
}

extension Subject {
  /// Every format that is read.
  static func all(_ fixtures: URL) throws -> [Subject] {
    let model = try Transformer(contentsOf: fixtures.appending(path: "gpt2"))
    let text = try Transformer(
      contentsOf: fixtures.appending(path: "cases/models/llama-double-bos"))
    return prompts(text) + circuits(model) + models() + formats() + tokenizers() + programs()
      + runs() + states()
  }

  private static func prompts(_ model: Transformer) -> [Subject] {
    let names =
      [
        "UPPER.CSV", "array.json", "bom.jsonl", "crlf.csv", "edge_pruning_custom.jsonl",
        "ids_gpt2.jsonl",
        "inst.csv", "mib_ioi.jsonl", "per_position_answers.json", "quotes_newlines.csv",
        "semicolon.csv", "tabs.tsv",
      ].map { "cases/tasks/" + $0 }
      + [
        "cases/public/sva_simple.json", "cases/public/token_lists.csv", "fuzzing/prompts.jsonl.gz",
      ]
    return names.map { name in
      Subject(sample: name) { file in
        for reading in [
          TaskFile.Reading(), TaskFile.Reading(answers: .firstToken, skipsUnusable: true),
        ] {
          _ = try TaskFile.read(file, model: model, reading: reading, metric: LogitDifference())
        }
      }
    }
  }

  private static func circuits(_ model: Transformer) -> [Subject] {
    let names =
      [
        "eap_ig.json", "eap_ig.pt", "mib_bf16.pt", "acdc.pth", "acdc_protocol2.pkl",
        "edge_pruning.json",
      ]
      .map { "circuits/" + $0 }
      + [
        "eapig_2024.json", "mib_node_importances.json", "scores_as_plain_numbers.json",
        "sparse_by_hand.json",
      ].map { "cases/circuits/" + $0 }
    return names.map { name in
      Subject(sample: name) { file in
        for graphs in [model.graphs, []] {
          let found = try CircuitFile.read(file, for: graphs)
          _ = found.scores?.circuit(edgeCount: 5).pruned()
        }
      }
    }
  }

  /// Models are run, too: numbers that load may overflow.
  private static func models() -> [Subject] {
    let run = { (file: URL) in
      let directory = file.deletingLastPathComponent()
      let model = try Transformer(
        contentsOf: file.pathExtension == "gguf" ? file : directory)
      _ = model.tokenizer?.encode("AB <|endoftext|> 12 é")
      _ = model.logits(TokenBatch([[1, 2, 3]]))
    }
    return ["gpt2", "gpt_neox", "llama", "qwen2"].flatMap { family in
      ["config.json", "model.safetensors"].map { name in
        Subject(
          sample: "\(family)/\(name)",
          others: ["config.json", "model.safetensors"].filter { $0 != name }.map {
            "\(family)/\($0)"
          },
          read: run)
      }
    } + [
      Subject(sample: "fuzzing/model.gguf", read: run),
      Subject(
        sample: "fuzzing/vocab.json",
        others: ["gpt2/config.json", "gpt2/model.safetensors", "fuzzing/merges.txt"], read: run),
      Subject(
        sample: "fuzzing/merges.txt",
        others: ["gpt2/config.json", "gpt2/model.safetensors", "fuzzing/vocab.json"], read: run),
      Subject(
        sample: "cases/models/llama-double-bos/tokenizer.json",
        others: ["config.json", "model.safetensors"].map { "cases/models/llama-double-bos/" + $0 },
        read: run),
    ]
  }

  /// Tokenizers of every kind, alone.
  private static func tokenizers() -> [Subject] {
    let names = [
      "gpt2", "falcon", "words", "olmo", "llama2", "mistral", "unigram", "unigram-bytes",
    ]
    let texts = ["AB <|end|> 12 é\t數 ▁", " the  market", ""]
    return names.map { name in
      Subject(sample: "tokenizers/\(name).json") { url in
        let tokenizer = try SubwordTokenizer(json: url)
        for text in texts { _ = tokenizer.decode(tokenizer.encode(text)) }
      }
    }
      + ["merges", "unigrams", "unigrams-bytes"].map { name in
        Subject(sample: "tokenizers/\(name).model") { url in
          let tokenizer = try SubwordTokenizer(sentencePiece: url)
          for text in texts { _ = tokenizer.decode(tokenizer.encode(text)) }
        }
      } + [
        Subject(sample: "tokenizers/llama.gguf") { url in
          let fields = Fields(file: url.path, values: try GGUF.read(url).metadata)
          let tokenizer = try SubwordTokenizer(gguf: fields)
          for text in texts { _ = tokenizer.decode(tokenizer.encode(text)) }
        }
      ]
  }

  /// Tensors of every format, alone.
  private static func formats() -> [Subject] {
    let kinds: [(name: String, read: (URL) throws -> TensorFile)] = [
      ("quantised.gguf", { try GGUF.read($0) }), ("state.bin", { try TorchWeights.read($0) }),
      ("old.bin", { try TorchWeights.read($0) }),
      ("state.safetensors", { try Safetensors.read($0) }),
    ]
    return kinds.map { kind in
      Subject(sample: "formats/" + kind.name) { url in
        let file = try kind.read(url)
        for (name, stored) in file.tensors { _ = try file.map(name, stored).float32 }
      }
    }
  }

  /// Compiled programs bring their circuit and prompts.
  private static func programs() -> [Subject] {
    let files = ["config.json", "model.safetensors", "truth.json", "golden.safetensors"]
    return files.map { name in
      Subject(
        sample: "tracr/reverse/\(name)",
        others: files.filter { $0 != name }.map { "tracr/reverse/\($0)" }
      ) {
        let loaded = try ModelReference($0.deletingLastPathComponent().path).load()
        _ = loaded.known?.truth(for: .resample)
      }
    }
  }

  private static func runs() -> [Subject] {
    [
      Subject(
        sample: "fuzzing/run.json", others: ["fuzzing/circuit.json", "fuzzing/scores.safetensors"]
      ) {
        let directory = $0.deletingLastPathComponent()
        var plan = EvaluationPlan(source: directory.path)
        plan.measures = [EvaluationMeasure.none]
        _ = try EvaluationSource(plan)
        _ = try FinishedRun.select(from: directory, SelectionPlan(size: .edges(3)))
      },
      Subject(sample: "fuzzing/scores.safetensors") {
        if let scores = try EdgeScores(safetensors: $0) { _ = scores.top(3) }
      },
    ]
  }

  /// States that methods go on from.
  private static func states() -> [Subject] {
    let methods: [(String, any DiscoveryMethod)] = [
      ("acdc", ACDC(thresholds: [0.01, 0.1])),
      ("sp", SubnetworkProbing(settings: TrainingSettings(steps: 3))), ("exact", ExactPatching()),
      ("activations", AttributionPatching.integrated(along: .modules, steps: 1)),
    ]
    return methods.map { name, method in
      Subject(sample: "fuzzing/\(name).state") { file in
        let model = Transformer.bundled()
        let pairs = try BuiltInTasks.named("induction").pairs(count: 4, seed: 0, model: model)
        let task = try CircuitTask(
          name: "induction", pairs: pairs, metric: LogitDifference(), model: model)
        _ = try method.scores(
          for: DiscoveryProblem(model: model, task: task),
          run: MethodRun(states: .init(saved: try Data(contentsOf: file)) { _ in }))
      }
    }
  }
}
