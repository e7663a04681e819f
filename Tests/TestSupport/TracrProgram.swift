import Foundation
package import Tasks
import Tensors

/// A compiled program with its reference values.
package struct TracrProgram {
  package static let names = [
    "count_first", "dyck", "hist", "induction", "reverse", "seen_a", "sort_unique", "vote",
    "xproportion",
  ]
  package let golden: Golden
  package let known: KnownCircuit
  package let task: CircuitTask

  package init(_ name: String) throws {
    golden = try Golden("tracr/" + name)
    known = try CompiledProgram.load(golden.directory, measuring: .outputs)
    task = try known.task(count: .max)
  }

  /// The names of edges in a list of `truth.json`, as `resample.necessary`.
  package func edges(_ path: String...) throws -> Set<String> {
    let data = try Data(contentsOf: golden.directory.appending(path: "truth.json"))
    var value = try JSONSerialization.jsonObject(with: data)
    for key in path { value = (value as? [String: Any])?[key] as Any }
    return Set(value as? [String] ?? [])
  }
}
