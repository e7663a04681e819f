/// The name of a model on Hugging Face's hub, `ORG/NAME` or `ORG/NAME@REVISION`; old models have no `ORG`.
public struct HubName: Sendable, Hashable, CustomStringConvertible {
  /// The repository, such as `openai-community/gpt2`.
  public let repository: String
  /// A branch, tag or commit.
  public let revision: String
  /// The name as it was given.
  public let description: String

  /// Reads a name; nil for a text that cannot be one.
  public init?(_ text: String) {
    let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let parts = halves[0].split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy(Self.isPart) else { return nil }
    let revision = halves.count > 1 ? halves[1] : "main"
    // A branch may have parts, too: refs/pr/1.
    guard revision.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(Self.isPart)
    else { return nil }
    (repository, self.revision, description) = (String(halves[0]), String(revision), text)
  }

  /// Whether the name tells who the model is of, as those of the hub do now.
  public var hasOwner: Bool { repository.contains("/") }

  /// Letters of names; none is a way out of a folder, nor of the part of an address.
  private static func isPart(_ part: Substring) -> Bool {
    (1...96).contains(part.utf8.count) && !part.hasPrefix(".") && !part.contains("..")
      && part.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
          UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}
