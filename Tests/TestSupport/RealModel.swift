package import Engine
import Foundation
import Models
package import Testing

/// SmolLM2-135M, where it has been fetched.
package enum RealModel {
  static let file = ModelCache.file(named: "SmolLM2-135M-Instruct.Q4_1.gguf")
  /// Whether the tests that need it can run; `Scripts/test.sh` fetches it.
  package static let isThere = FileManager.default.fileExists(atPath: file.path)
  /// Loaded once for all tests.
  package static let model = Result { try Transformer(contentsOf: file) }
}

extension Tag {
  /// Needs the real model of 98 MB.
  @Tag package static var realModel: Self
}
