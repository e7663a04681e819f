import Graphs

/// Why a model of Hugging Face's hub cannot be had, in one sentence for the user.
public struct HubError: Error, Equatable, CustomStringConvertible {
  /// What is wrong.
  public let problem: Problem
  /// The model.
  public let name: HubName
  /// The server or the cache.
  let place: String

  /// Something that is wrong with a model of the hub, or with a server.
  public enum Problem: Equatable, Sendable {
    /// `HF_HUB_OFFLINE` is set.
    case offline
    /// The server knows no such model, or not for this user.
    case unknown(hasToken: Bool)
    /// Whoever wants the model has to accept its conditions first.
    case gated(hasToken: Bool)
    /// The server refuses the token.
    case refused
    /// There is no such branch, tag or commit.
    case noRevision
    /// The server says that it cannot now.
    case busy(status: Int)
    /// Another answer than those of a hub.
    case unexpected(String)
    /// The server cannot be reached, or what it sends ends too early.
    case broken(String)
    /// A file is another one than the server said.
    case wrongFile(String, expected: String, found: String)
    /// The model has no file that can be used.
    case nothingToFetch(files: [String])
    /// An adapter, which is nothing without its model.
    case adapter
    /// Another process is fetching a file.
    case locked(String)
    /// The cache cannot be read or written to.
    case cache(String)
    /// A link of the cache leads out of it.
    case outside(link: String)
    /// A file of the cache is not there any more.
    case dangling(link: String)
  }

  /// One sentence for the user.
  public var description: String {
    let fetch = "run \"edgewise fetch \(name)\""
    return switch problem {
    case .offline:
      "\(name) cannot be fetched while HF_HUB_OFFLINE is set: unset it, or copy the model into the cache at \(place)."
    case .unknown(hasToken: false):
      """
      \(place) knows no model \(name.repository), or it is a private one: check the name, or set HF_TOKEN to a \
      token that may read it.
      """
    case .unknown(hasToken: true):
      "\(place) knows no model \(name.repository) that this token may read: check the name and HF_TOKEN."
    case .gated(let hasToken):
      """
      \(name.repository) is gated: accept its conditions at \(place)/\(name.repository)\
      \(hasToken ? ", as the user of this token" : " and set HF_TOKEN to a token of yours"), then \(fetch) again.
      """
    case .refused:
      """
      \(place) refuses \(name.repository) to this token: check that HF_TOKEN is valid and may read models, or unset it.
      """
    case .noRevision:
      "\(name.repository) has no branch, tag or commit \"\(name.revision)\": see \(place)/\(name.repository)."
    case .busy(let status):
      "\(place) answered \(status): it has too much to do; \(fetch) later, which goes on where this ended."
    case .unexpected(let what):
      "\(place) answered what no hub does: \(what.shortened); check HF_ENDPOINT, and the network's proxies."
    case .broken(let words):
      """
      \(name) could not be fetched from \(place): \(words.shortened); \(fetch) again, which goes on where this ended.
      """
    case .wrongFile(let file, let expected, let found):
      """
      \(file.shortened) of \(name) has the checksum \(found), expected \(expected); it was thrown away: \(fetch) again, \
      and tell whoever runs \(place) when that does not help.
      """
    case .nothingToFetch(let files):
      """
      \(name) has no config.json with weights as safetensors or pytorch_model.bin, which is what can be used; it has \
      \(files.prefix(6).map(\.shortened).joined(separator: ", "))\(files.count > 6 ? ", …" : "").
      """
    case .adapter:
      """
      \(name) is an adapter (adapter_config.json) and no model: merge it into its model, such as with \
      merge_and_unload() of the peft library, and use the directory that this is saved to.
      """
    case .locked(let file):
      "another process is fetching \(file.shortened) of \(name): wait for it, then \(fetch) again."
    case .cache(let what): "\(place.shortened): \(what)."
    case .outside(let link):
      """
      \(link.shortened): the link leads out of the cache at \(place.shortened), so it is not followed; remove the \
      model's folder there and \(fetch), or name the directory where the files are.
      """
    case .dangling(let link):
      "\(link.shortened): the file that this link leads to is not there: \(fetch) to get it again."
    }
  }
}
