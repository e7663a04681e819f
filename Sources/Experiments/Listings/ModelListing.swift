import Engine
import Foundation
import Models
import Reports
import Tasks

extension Listing {
  /// The models that have a name.
  public static var models: Listing {
    let bundled = ModelEntry(
      name: Transformer.bundledName, summary: "two layers with an induction circuit written by hand"
    )
    let planted = zip(PlantedCircuits.names, PlantedCircuits.summaries).map {
      ModelEntry(name: $0, summary: $1)
    }
    let models = [bundled] + planted + KnownModel.all.map(ModelEntry.init)
    var table = TextTable(["model": .left, "what it is": .left, "where": .left])
    for model in models { table.add(model.name, model.summary, model.place) }
    return Listing(models, .table(table))
  }
}

/// A model that has a name.
private struct ModelEntry: Encodable, Sendable {
  let name: String
  let summary: String
  /// Where its file is or will be; nil for one that needs none.
  let file: String?
  /// Whether it can be used as it is.
  let isThere: Bool

  init(name: String, summary: String) {
    (self.name, self.summary, file, isThere) = (name, summary, nil, true)
  }

  init(_ model: KnownModel) {
    (name, summary, file) = (model.name, model.summary, model.file.path)
    isThere = FileManager.default.fileExists(atPath: model.file.path)
  }

  /// Where it is, or how to get it.
  var place: String {
    file.map { isThere ? $0 : "edgewise fetch \(name)" } ?? "part of the package"
  }
}
