import Foundation
import Hub
import Synchronization
import TestSupport
import Testing

/// Fetching from a server that plays the hub, and from one where something goes wrong.
@Suite struct HubFetchTests {
  private static let weights = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) })
  private static let model = HubModel(files: [
    "config.json": Data(#"{"model_type": "gpt2"}"#.utf8), "tokenizer.json": Data("{}".utf8),
    "model.safetensors": weights, "README.md": Data("read me".utf8), "flax_model.msgpack": weights,
    "pytorch_model.bin": weights, "onnx/model.onnx": weights, "merges.txt": Data(),
  ])

  /// A name, a server and a cache.
  private struct Scene {
    let server: HubStandIn
    var settings: HubSettings

    func fetch(_ name: String = "acme/tiny") throws -> URL {
      try HubFetch(try #require(HubName(name)), settings: settings, pause: 0).run()
    }

    var folder: URL { settings.cache.appending(path: "models--acme--tiny") }

    func names(_ path: String) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path)
        .sorted()
    }

    var cached: URL? {
      get throws {
        try HubCache(settings).directory(of: try #require(HubName("acme/tiny")))
      }
    }
  }

  private func withServer<Result>(
    token: String? = nil,
    _ answer: @escaping @Sendable (HubStandIn.Request, Int) -> HubStandIn.Answer,
    _ body: (Scene) throws -> Result
  ) throws -> Result {
    try withTemporaryDirectory { directory in
      let server = HubStandIn(answer)
      defer { server.stop() }
      var settings = HubSettings(["HF_HOME": directory.path, "HF_ENDPOINT": server.endpoint])
      settings.token = token
      return try body(Scene(server: server, settings: settings))
    }
  }

  @Test func `a model is fetched in the layout of Hugging Face's cache`() throws {
    let model = Self.model
    try withServer({ request, _ in model.answer(request) }) { scene in
      #expect(try scene.cached == nil)
      let directory = try scene.fetch()
      let wanted = ["config.json", "merges.txt", "model.safetensors", "tokenizer.json"]
      #expect(try scene.names("snapshots/\(HubModel.commit)") == wanted)
      #expect(try scene.names("blobs") == wanted.map(model.checksum).sorted())
      #expect(
        try String(contentsOf: scene.folder.appending(path: "refs/main"), encoding: .utf8)
          == HubModel.commit)
      for name in wanted {
        let file = directory.appending(path: name)
        #expect(try Data(contentsOf: file) == model.files[name])
        #expect(
          try FileManager.default.destinationOfSymbolicLink(atPath: file.path)
            == "../../blobs/" + model.checksum(name))
      }
      #expect(try scene.cached?.path == directory.path)
      // What is there is not fetched again.
      let count = scene.server.requests.count
      _ = try scene.fetch()
      #expect(scene.server.requests.count == count + 1)
      #expect(scene.server.requests.last?.path.hasSuffix("/revision/main?blobs=true") ?? false)
    }
  }

  @Test func `a revision is asked for and called by its name`() throws {
    let model = Self.model
    try withServer({ request, _ in model.answer(request) }) { scene in
      _ = try scene.fetch("acme/tiny@refs/pr/1")
      #expect(scene.server.requests[0].path.hasSuffix("/revision/refs%2Fpr%2F1?blobs=true"))
      #expect(try scene.names("refs/refs/pr") == ["1"])
      #expect(try scene.cached == nil)
      _ = try scene.fetch("acme/tiny@\(HubModel.commit)")
      #expect(try scene.names("refs") == ["refs"])
      let name = try #require(HubName("acme/tiny@\(HubModel.commit)"))
      #expect(try HubCache(scene.settings).directory(of: name) != nil)
    }
  }

  @Test(arguments: [
    (["model.safetensors.index.json", "a.safetensors", "b.safetensors"], "safetensors"),
    (["pytorch_model.bin.index.json", "a.bin", "b.bin"], "bin"), (["pytorch_model.bin"], "bin"),
  ]) func `weights are what an index lists, or else PyTorch's`(names: [String], kind: String)
    throws
  {
    var model = HubModel(files: [:])
    for name in names + ["config.json", "c.\(kind)"] { model.files[name] = Data(name.utf8) }
    let index = #"{"weight_map": {"x": "a.\#(kind)", "y": "b.\#(kind)", "z": "a.\#(kind)"}}"#
    for name in names where name.hasSuffix("index.json") { model.files[name] = Data(index.utf8) }
    let made = model
    try withServer({ request, _ in made.answer(request) }) { scene in
      _ = try scene.fetch()
      #expect(
        try scene.names("snapshots/\(HubModel.commit)") == (names + ["config.json"]).sorted())
    }
  }

  @Test func `a broken connection is gone on with, in the same fetch or the next one`() throws {
    let model = Self.model
    // Every answer breaks after 30,000 bytes; after two of them the server has had enough.
    let isOut = Mutex(true)
    try withServer({ request, _ in
      if request.path.hasSuffix("model.safetensors"), request.start == 60_000,
        isOut.withLock({ $0 })
      {
        return HubStandIn.Answer(503)
      }
      var answer = model.answer(request)
      if answer.body.count > 30_000 { answer.breaksAfter = 30_000 }
      return answer
    }) { scene in
      let error = #expect(throws: HubError.self) { try scene.fetch() }
      #expect(error?.problem == .busy(status: 503))
      #expect(try scene.cached == nil)
      let partial = model.checksum("model.safetensors") + ".incomplete"
      #expect(try scene.names("blobs").contains(partial))
      #expect(try !scene.names("blobs").contains(model.checksum("model.safetensors")))
      isOut.withLock { $0 = false }
      let before = scene.server.requests.count
      let directory = try scene.fetch()
      let starts = scene.server.requests[before...].filter {
        $0.path.hasSuffix("model.safetensors")
      }.map(\.start)
      #expect(starts == [60_000, 90_000])
      #expect(
        try Data(contentsOf: directory.appending(path: "model.safetensors")) == Self.weights)
    }
  }

  @Test func `a server that knows no ranges sends the file anew`() throws {
    let model = Self.model
    let broken = Mutex(false)
    try withServer({ request, _ in
      var request = request
      request.headers["range"] = nil
      var answer = model.answer(request)
      if request.path.hasSuffix("model.safetensors"),
        broken.withLock({
          let was = $0; $0 = true; return !was
        })
      {
        answer.breaksAfter = 500
      }
      return answer
    }) { scene in
      let directory = try scene.fetch()
      #expect(
        try Data(contentsOf: directory.appending(path: "model.safetensors")) == Self.weights)
      #expect(scene.server.requests.contains { $0.start == 500 })
    }
  }

  @Test func `a connection that brings nothing three times in a row is given up`() throws {
    let model = Self.model
    try withServer({ request, _ in
      var answer = model.answer(request)
      if request.path.hasSuffix("model.safetensors") { answer.breaksAfter = 0 }
      return answer
    }) { scene in
      let error = #expect(throws: HubError.self) { try scene.fetch() }
      #expect(error?.description.contains("run \"edgewise fetch acme/tiny\" again") ?? false)
      #expect(
        scene.server.requests.count { $0.path.hasSuffix("model.safetensors") } == 3)
      let cached = try scene.cached
      #expect(cached == nil)
    }
  }

  @Test(arguments: ["config.json", "model.safetensors"])
  func `what has another checksum is thrown away`(name: String) throws {
    let model = Self.model
    let isWrong = Mutex(true)
    try withServer({ request, _ in
      var answer = model.answer(request)
      if request.path.hasSuffix(name), isWrong.withLock({ $0 }) {
        answer.body[answer.body.startIndex + 3] ^= 1
      }
      return answer
    }) { scene in
      let error = #expect(throws: HubError.self) { try scene.fetch() }
      #expect(error?.description.contains("expected \(model.checksum(name))") ?? false)
      #expect(try scene.cached == nil)
      #expect(try !scene.names("blobs").contains { $0.hasPrefix(model.checksum(name)) })
      isWrong.withLock { $0 = false }
      _ = try scene.fetch()
      #expect(try scene.cached != nil)
    }
  }

  @Test func `large files may lie elsewhere, where no token goes`() throws {
    let model = Self.model
    let store = HubStandIn { request, _ in HubModel.part(of: Self.weights, request) }
    defer { store.stop() }
    try withServer(
      token: "secret",
      { request, _ in
        guard request.path.hasSuffix("model.safetensors") else { return model.answer(request) }
        return HubStandIn.Answer(302, ["Location": store.endpoint + "/there"])
      }
    ) { scene in
      let directory = try scene.fetch()
      #expect(
        try Data(contentsOf: directory.appending(path: "model.safetensors")) == Self.weights)
      #expect(
        scene.server.requests.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
      #expect(store.requests.count == 1 && store.requests[0].headers["authorization"] == nil)
    }
  }

  static let refusals: [(status: Int, code: String?, token: String?, says: String)] = [
    (401, "RepoNotFound", nil, "knows no model acme/tiny, or it is a private one"),
    (401, nil, nil, "or set HF_TOKEN to a token that may read it"),
    (404, "RepoNotFound", "t", "that this token may read"), (401, nil, "t", "to this token"),
    (403, nil, "t", "refuses acme/tiny to this token"), (404, nil, nil, "knows no model"),
    (403, "GatedRepo", "t", "as the user of this token"),
    (401, "GatedRepo", nil, "is gated: accept its conditions at http"),
    (404, "RevisionNotFound", nil, "no branch, tag or commit \"main\""),
    (429, nil, nil, "answered 429"), (500, nil, nil, "the server answered 500"),
    (204, nil, nil, "what no hub does"), (301, nil, nil, "the status 301"),
  ]

  @Test(arguments: refusals.indices) func `a refusal is a sentence`(index: Int) throws {
    let (status, code, token, says) = Self.refusals[index]
    try withServer(
      token: token,
      { _, _ in
        HubStandIn.Answer(status, code.map { ["X-Error-Code": $0] } ?? [:])
      }
    ) { scene in
      let error = #expect(throws: HubError.self) { try scene.fetch() }
      #expect(error?.description.contains(says) ?? false, "\(error?.description ?? "")")
      #expect(!FileManager.default.fileExists(atPath: scene.folder.path))
    }
  }

  @Test(arguments: [
    "<html>", "[]", "{}", #"{"sha": "../..", "siblings": []}"#,
    #"{"sha": "0123456789", "siblings": [{"rfilename": "config.json"}]}"#,
    #"{"sha": "0123456789", "siblings": [{"rfilename": "config.json", "size": 1, "blobId": "../x"}]}"#,
  ]) func `an answer that is none of a hub is refused`(text: String) throws {
    try withServer({ _, _ in HubStandIn.Answer(body: Data(text.utf8)) }) { scene in
      let error = #expect(throws: HubError.self) { try scene.fetch() }
      #expect(error?.description.contains("check HF_ENDPOINT") ?? false)
    }
  }

  @Test(arguments: [
    (["README.md", "x.gguf"], "it has README.md, x.gguf."),
    (["adapter_config.json", "adapter_model.safetensors"], "merge_and_unload()"),
    (["config.json"], "it has config.json."),
  ]) func `a model without weights is told from one with`(names: [String], says: String) throws {
    let model = HubModel(
      files: Dictionary(uniqueKeysWithValues: names.map { ($0, Data($0.utf8)) }))
    try withServer({ request, _ in model.answer(request) }) { scene in
      let error = #expect(throws: HubError.self) { try scene.fetch() }
      #expect(error?.description.contains(says) ?? false, "\(error?.description ?? "")")
    }
  }

  @Test func `nothing is asked for offline, and what is fetched by another is left alone`() throws {
    let model = Self.model
    try withServer({ request, _ in model.answer(request) }) { scene in
      var offline = scene
      offline.settings.isOffline = true
      #expect(throws: HubError.self) { try offline.fetch() }
      #expect(scene.server.requests.isEmpty)
      let locks = scene.settings.cache.appending(path: ".locks/models--acme--tiny")
      try FileManager.default.createDirectory(at: locks, withIntermediateDirectories: true)
      let path = locks.appending(path: model.checksum("config.json") + ".lock").path
      #expect(FileManager.default.createFile(atPath: path, contents: nil))
      let lock = try #require(FileHandle(forUpdatingAtPath: path))
      #expect(flock(lock.fileDescriptor, LOCK_EX | LOCK_NB) == 0)
      let error = #expect(throws: HubError.self) { try scene.fetch() }
      #expect(error?.problem == .locked("config.json"))
      try lock.close()
      _ = try scene.fetch()
    }
  }

  @Test func `no server at all is a sentence`() throws {
    let server = HubStandIn { _, _ in HubStandIn.Answer() }
    server.stop()
    try withTemporaryDirectory { directory in
      for endpoint in [server.endpoint, "ftp://localhost", "no address"] {
        let settings = HubSettings(["HF_HOME": directory.path, "HF_ENDPOINT": endpoint])
        let error = #expect(throws: HubError.self) {
          try HubFetch(try #require(HubName("a/b")), settings: settings, pause: 0).run()
        }
        #expect(error?.description.hasSuffix(".") ?? false)
      }
    }
  }
}
