public import Foundation

/// Where Hugging Face's hub and its cache are, from the variables that Hugging Face's own tools read.
public struct HubSettings: Sendable {
  /// The cache: `HF_HUB_CACHE`, or `hub` in `HF_HOME`, which is `~/.cache/huggingface` where nothing else is said.
  public var cache: URL
  /// The server: `HF_ENDPOINT`.
  public var endpoint: String
  /// What the server knows the user by: `HF_TOKEN`, or what Hugging Face's login wrote into `HF_HOME`.
  public var token: String?
  /// Whether nothing may be fetched: `HF_HUB_OFFLINE`.
  public var isOffline: Bool
  /// After how many seconds without a byte a connection counts as broken: `HF_HUB_DOWNLOAD_TIMEOUT`.
  public var patience: Int

  /// Reads the variables of an environment.
  public init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    let value = { (names: [String]) -> String? in
      names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    let folder = { (path: String) in
      URL(
        filePath: (path as NSString).expandingTildeInPath, directoryHint: .isDirectory)
    }
    let home =
      value(["HF_HOME"]).map(folder)
      ?? folder(value(["XDG_CACHE_HOME"]) ?? "~/.cache").appending(path: "huggingface")
    cache =
      value(["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]).map(folder) ?? home.appending(path: "hub")
    let endpoint = value(["HF_ENDPOINT"]) ?? "https://huggingface.co"
    self.endpoint = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
    let file = value(["HF_TOKEN_PATH"]).map(folder) ?? home.appending(path: "token")
    let stored = try? String(contentsOf: file, encoding: .utf8)
    let token = (value(["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]) ?? stored ?? "")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    self.token = token.isEmpty ? nil : token
    isOffline = ["1", "ON", "YES", "TRUE"].contains(
      (value(["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]) ?? "").uppercased())
    patience = value(["HF_HUB_DOWNLOAD_TIMEOUT"]).flatMap { Int($0) }.map { max($0, 1) } ?? 30
  }
}
