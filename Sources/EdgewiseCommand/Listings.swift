import ArgumentParser
import Edgewise

struct Tasks: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the built-in tasks and the metrics.",
    discussion: """
      A task may also be a file: JSONL or CSV with the fields clean, corrupted, answers and \
      wrong_answers, or auto-circuit's prompt JSON. Prompts are text or lists of token ids.
      """)

  @OptionGroup var listed: ListOptions

  func run() throws { try listed.show(.tasks) }
}

struct MethodList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods", abstract: "List the methods, with their papers and what they cost.",
    discussion: """
      A pass is one run of all prompts; one that starts above the input counts as a whole one. Papers are \
      arXiv ids.
      """)

  @Argument(help: "A method, to be told its options.")
  var name: String?

  @OptionGroup var listed: ListOptions

  func run() throws { try listed.show(name.map(Listing.method) ?? .methods) }
}

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models that have a name.",
    discussion: """
      Any Hugging Face directory of GPT-2, GPT-NeoX (Pythia), Llama or Qwen2, any directory under \
      TransformerLens' names, and any GGUF file of the llama architecture can be used by its path; those in Hugging \
      Face's cache, where edgewise fetch ORG/NAME puts them, as ORG/NAME.
      """)

  @OptionGroup var listed: ListOptions

  func run() throws { try listed.show(.models) }
}

/// How a list is shown.
struct ListOptions: ParsableArguments {
  @Flag(help: "Print JSON instead of tables.")
  var json = false

  func show(_ listing: Listing) throws {
    print(json ? try listing.json() : listing.text(on: .terminal()))
  }
}
