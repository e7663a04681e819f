import Files
public import Foundation
import Graphs
import Hashing

/// Brings a model from Hugging Face's hub into its cache, in the layout that Hugging Face's own tools use.
///
/// A file is called whole, by its checksum, only when it has that checksum, and the model is called by its name only
/// when all of its files are there. What was fetched before a connection broke is gone on with.
public struct HubFetch {
  private let name: HubName
  private let settings: HubSettings
  private let cache: HubCache
  private let client: HTTPClient
  private let pause: Double
  private let progress: (_ done: Int, _ total: Int) -> Void

  /// Prepares the fetching of a model.
  ///
  /// - Parameters:
  ///   - name: The model.
  ///   - settings: Where the hub and the cache are.
  ///   - pause: How many seconds pass before a connection is tried again that brought nothing.
  ///   - progress: Is told of bytes.
  public init(
    _ name: HubName, settings: HubSettings = HubSettings(), pause: Double = 1,
    progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) {
    self.name = name
    self.settings = settings
    cache = HubCache(settings)
    client = HTTPClient(token: settings.token, patience: settings.patience)
    self.pause = pause
    self.progress = progress
  }

  /// Fetches what the cache lacks.
  ///
  /// - Returns: The directory of the model's files.
  /// - Throws: ``HubError``.
  public func run() throws(HubError) -> URL {
    guard !settings.isOffline else { throw fault(.offline, at: cache.directory.path) }
    let listing = try listing()
    guard let needed = listing.needed else {
      throw fault(
        listing.file("adapter_config.json") == nil
          ? .nothingToFetch(files: listing.files.map(\.name)) : .adapter)
    }
    var files = needed.description + [needed.weights]
    let known = files.reduce(0) { $0 + $1.size }
    var done = try get(files, of: listing, done: 0, total: known)
    if needed.weights.name.hasSuffix(".index.json") {
      let parts = try parts(needed.weights, of: listing)
      done = try get(
        parts, of: listing, done: done, total: known + parts.reduce(0) { $0 + $1.size })
      files += parts
    }
    return try finish(files, listing.commit)
  }

  private func fault(_ problem: HubError.Problem, at place: String? = nil) -> HubError {
    HubError(problem: problem, name: name, place: place ?? settings.endpoint)
  }

  private func address(_ parts: String...) throws(HubError) -> URL {
    let path = parts.joined(separator: "/")
    guard let url = URL(string: settings.endpoint + "/" + path), url.host() != nil,
      ["http", "https"].contains(url.scheme)
    else { throw fault(.unexpected("HF_ENDPOINT is no address of a server")) }
    return url
  }

  private func listing() throws(HubError) -> HubListing {
    let revision = name.revision.replacing("/", with: "%2F")
    let url = try address(
      "api/models", name.repository, "revision", revision + "?blobs=true")
    let data = try patiently { () throws(HubError) in
      var data = Data()
      try ask(url) { _, piece in
        data += piece
        guard data.count < 1 << 26 else { throw ConnectionFailure(words: "an endless answer") }
      }
      return data
    }
    do { return try HubListing(json: data) } catch {
      throw fault(.unexpected(error.description))
    }
  }

  /// The files that an index lists.
  private func parts(
    _ index: HubFile, of listing: HubListing
  ) throws(HubError) -> [HubFile] {
    do {
      return try ShardIndex(cache.blob(index.checksum, of: name)).files.map { part in
        guard let file = listing.file(part) else {
          throw fault(.unexpected("\(index.name) lists \(part), which the model does not have"))
        }
        return file
      }
    } catch let error as HubError { throw error } catch { throw fault(.unexpected("\(error)")) }
  }

  private func get(
    _ files: [HubFile], of listing: HubListing, done: Int, total: Int
  ) throws(HubError) -> Int {
    var done = done
    for file in files {
      let before = done
      try get(file, listing.commit) { progress(before + $0, total) }
      done += file.size
      progress(done, total)
    }
    return done
  }

  /// Fetches a file unless it is there.
  private func get(
    _ file: HubFile, _ commit: String, progress: (Int) -> Void
  ) throws(HubError) {
    let blob = cache.blob(file.checksum, of: name)
    guard BlobWriter.size(of: blob) != file.size else { return }
    let url = try address(
      name.repository, "resolve", commit,
      file.name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? file.name)
    let writer = try local { try BlobWriter(blob, lock: lock(of: file)) }
    guard let writer else { throw fault(.locked(file.name)) }
    try patiently(count: { writer.count }) { () throws(HubError) in
      // A part of more bytes than the file has is none of it.
      if writer.count > file.size { try local { try writer.restart() } }
      guard writer.count < file.size else { return }
      var isFirst = true
      try ask(url, from: writer.count) { response, piece in
        // 206 goes on where it was asked to; 200 is all of the file.
        if isFirst, response.status == 200 { try writer.restart() }
        isFirst = false
        try writer.append(piece)
        guard writer.count <= file.size else {
          throw ConnectionFailure(
            words: "\(file.name) is longer than the \(file.size) bytes listed")
        }
        progress(writer.count)
      }
      guard writer.count == file.size else {
        throw fault(.broken("\(file.name) ended after \(writer.count) of \(file.size) bytes"))
      }
    }
    let found = try local { try writer.checksum(isLarge: file.isLarge) }
    guard found == file.checksum else {
      try local { try writer.discard() }
      throw fault(.wrongFile(file.name, expected: file.checksum, found: found))
    }
    try local { try writer.finish() }
  }

  private func lock(of file: HubFile) -> URL {
    cache.directory.appending(path: ".locks").appending(
      path: cache.folder(of: name).lastPathComponent
    ).appending(path: file.checksum + ".lock")
  }

  /// Tries again where a connection broke: at once when more bytes are there than before, else three times in all.
  private func patiently<Result>(
    count: () -> Int = { 0 }, _ work: () throws(HubError) -> Result
  ) throws(HubError) -> Result {
    var (failures, last) = (0, count())
    while true {
      do throws(HubError) { return try work() } catch {
        guard case .broken = error.problem else { throw error }
        (failures, last) = (count() > last ? 0 : failures + 1, max(count(), last))
        guard failures < 3 else { throw error }
        if failures > 0 { Thread.sleep(forTimeInterval: pause) }
      }
    }
  }

  /// Asks the server, and makes a sentence of what it answers if it is no success.
  private func ask(
    _ url: URL, from start: Int = 0, receive: (HTTPResponse, Data) throws -> Void
  ) throws(HubError) {
    let response: HTTPResponse
    do { response = try client.get(url, from: start, receive: receive) } catch let error
      as ConnectionFailure
    { throw fault(.broken(error.words)) } catch { throw broken(error) }
    let hasToken = settings.token != nil
    switch (response.status, response.headers["x-error-code"]) {
    case (200..<300, _): return
    case (_, "GatedRepo"): throw fault(.gated(hasToken: hasToken))
    case (_, "RevisionNotFound"): throw fault(.noRevision)
    case (_, "RepoNotFound"): throw fault(.unknown(hasToken: hasToken))
    case (401, _): throw fault(hasToken ? .refused : .unknown(hasToken: false))
    case (403, _): throw fault(.refused)
    case (404, _): throw fault(.unknown(hasToken: hasToken))
    // The part that is there is none of the file that the server has now.
    case (416, _): throw fault(.unexpected("a part of a file that it does not have"))
    case (429, _), (503, _): throw fault(.busy(status: response.status))
    case (500..., _): throw fault(.broken("the server answered \(response.status)"))
    default: throw fault(.unexpected("the status \(response.status)"))
    }
  }

  private func broken(_ error: any Error) -> HubError {
    fault(.cache("the cache cannot be written to: \(reason(of: error))"), at: cache.directory.path)
  }

  private func local<Result>(_ work: () throws -> Result) throws(HubError) -> Result {
    do { return try work() } catch { throw broken(error) }
  }

  /// Makes the links, and then the name.
  private func finish(_ files: [HubFile], _ commit: String) throws(HubError) -> URL {
    let snapshot = cache.snapshot(commit, of: name)
    try local {
      let manager = FileManager.default
      try manager.createDirectory(at: snapshot, withIntermediateDirectories: true)
      for file in files {
        let link = snapshot.appending(path: file.name)
        try? manager.removeItem(at: link)
        try manager.createSymbolicLink(
          atPath: link.path, withDestinationPath: "../../blobs/" + file.checksum)
      }
      guard commit != name.revision else { return }
      let reference = cache.reference(of: name)
      try manager.createDirectory(
        at: reference.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(commit.utf8).write(to: reference, options: .atomic)
    }
    return snapshot
  }
}
