import Foundation
import Hub
import TestSupport
import Testing

@Suite struct HubCacheTests {
  @Test(arguments: [
    ("gpt2", "gpt2", "main"), ("openai-community/gpt2", "openai-community/gpt2", "main"),
    ("a/b@v1.0", "a/b", "v1.0"), ("a/b@refs/pr/3", "a/b", "refs/pr/3"),
  ]) func `names`(text: String, repository: String, revision: String) throws {
    let name = try #require(HubName(text))
    #expect(name.repository == repository && name.revision == revision)
    #expect(name.description == text)
    #expect(name.hasOwner == text.contains("/"))
  }

  @Test(arguments: [
    "", "a/", "/a", "a/b/c", "../a", "a/..", "a/b@", "a/b@../c", "a/b@x/../y", ".a/b", "a b/c",
    "a/b@/c", "a//b", "ä/b", "a/b?c", "~/a",
  ]) func `what is no name`(text: String) { #expect(HubName(text) == nil) }

  @Test(arguments: [
    (["HOME": "/h"], ""), (["HF_HOME": "/x"], "/x/hub"), (["HF_HUB_CACHE": "/c"], "/c"),
    (["HF_HOME": "/x", "HF_HUB_CACHE": "/c"], "/c"),
    (["XDG_CACHE_HOME": "/d"], "/d/huggingface/hub"), (["HUGGINGFACE_HUB_CACHE": "/e"], "/e"),
  ]) func `the cache is where Hugging Face's tools have it`(
    environment: [String: String], path: String
  ) {
    let cache = HubSettings(environment).cache.path
    #expect(cache == path || path.isEmpty && cache.hasSuffix("/.cache/huggingface/hub"))
  }

  @Test func `variables say who asks and whom`() throws {
    try withTemporaryDirectory { home in
      try Data(" stored\n".utf8).write(to: home.appending(path: "token"))
      let stored = HubSettings(["HF_HOME": home.path])
      #expect(stored.token == "stored" && stored.endpoint == "https://huggingface.co")
      let said = HubSettings([
        "HF_HOME": home.path, "HF_TOKEN": "said", "HF_ENDPOINT": "http://x/",
        "HF_HUB_OFFLINE": "yes",
      ])
      #expect(said.token == "said" && said.endpoint == "http://x" && said.isOffline)
      #expect(!HubSettings(["HF_HUB_OFFLINE": "0"]).isOffline && !stored.isOffline)
      #expect(HubSettings(["HF_HOME": "/none"]).token == nil)
    }
  }

  /// A cache with one model of one commit.
  private func withCache(
    _ body: (_ cache: HubCache, _ folder: URL, _ snapshot: URL) throws -> Void
  ) throws {
    try withTemporaryDirectory { directory in
      let folder = directory.appending(path: "hub/models--a--b")
      let snapshot = folder.appending(path: "snapshots/0123abc")
      for path in [snapshot, folder.appending(path: "refs"), folder.appending(path: "blobs")] {
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
      }
      try Data("0123abc\n".utf8).write(to: folder.appending(path: "refs/main"))
      try Data("{}".utf8).write(to: folder.appending(path: "blobs/f00"))
      try link(snapshot.appending(path: "config.json"), "../../blobs/f00")
      try body(HubCache(HubSettings(["HF_HOME": directory.path])), folder, snapshot)
    }
  }

  private func link(_ link: URL, _ target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: target)
  }

  @Test func `a model is found by its name, branch or commit`() throws {
    try withCache { cache, _, snapshot in
      for name in ["a/b", "a/b@main", "a/b@0123abc"] {
        let found = try cache.directory(of: #require(HubName(name)))
        #expect(found?.path == snapshot.path)
      }
      for name in ["a/c", "a/b@other", "a/b@0123abd", "b"] {
        let found = try cache.directory(of: #require(HubName(name)))
        #expect(found == nil)
      }
    }
  }

  @Test func `links are followed inside of the cache alone`() throws {
    try withCache { cache, folder, snapshot in
      let name = try #require(HubName("a/b"))
      let outside = folder.deletingLastPathComponent().deletingLastPathComponent()
      try Data("secret".utf8).write(to: outside.appending(path: "secret"))
      let odd = snapshot.appending(path: "model.safetensors")
      for (target, says) in [
        ("../../../../secret", "leads out of the cache"), ("/etc/passwd", "leads out of the cache"),
        ("../../blobs/none", "is not there: run \"edgewise fetch a/b\""),
      ] {
        try link(odd, target)
        let error = #expect(throws: HubError.self) { try cache.directory(of: name) }
        #expect(error?.description.contains(says) ?? false, "\(error?.description ?? "")")
        try FileManager.default.removeItem(at: odd)
      }
      #expect(try cache.directory(of: name) != nil)
    }
  }

  @Test(arguments: ["", "../../..", "not a commit", "0123"])
  func `a name of no commit is refused`(text: String) throws {
    try withCache { cache, folder, _ in
      try Data(text.utf8).write(to: folder.appending(path: "refs/main"))
      let error = #expect(throws: HubError.self) {
        try cache.directory(of: #require(HubName("a/b")))
      }
      #expect(error?.description.contains("expected the name of a commit") ?? false)
    }
  }
}
