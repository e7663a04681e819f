import ArgumentParser
import Edgewise

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a checkpoint, a run, scores or a circuit file holds.",
    discussion: """
      Of a run or a circuit, its heads and MLPs and its edges; a run's also with the direct effects that \
      were measured.
      """)

  @Argument(
    help: """
      A model (directory, .gguf file or name), a run's directory, a .safetensors file of scores or tensors, \
      or a circuit: EAP-IG's JSON or .pt, ACDC's .pth or .pkl, Edge Pruning's edges.json.
      """)
  var file: String

  @Option(
    help: """
      The model of a circuit file, which those of ACDC and Edge Pruning need: a directory, a .gguf file or a \
      name.
      """)
  var model: String?

  @OptionGroup var files: FileOptions
  @OptionGroup var shown: ShownOptions

  func run() throws {
    let found = try Inspection(
      of: file, model: model.map { ModelReference($0) }, verifying: files.verify)
    print(shown.json ? try found.json() : found.text(on: shown.page))
  }
}
