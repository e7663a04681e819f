import Edgewise
import Foundation

/// A model's first logits, from nothing, against reading its files once and against a forward pass of the loaded model.
enum LoadingBenchmark {
  private static let rounds = 3

  static func run(_ model: String?) throws {
    guard let model else {
      return try RandomCheckpoint.with(.f32) { try measure($0.path, "a random Llama in F32") }
    }
    try measure(model, model)
  }

  private static func measure(_ path: String, _ name: String) throws {
    let reference = ModelReference(path)
    guard let location = try reference.location() else {
      return print("loading: \(name) has no file")
    }
    let files = weightFiles(location)
    let batch = Workload.batch(for: try reference.load().model, prompts: 1)
    var (read, first, hashed, warm) = (
      Double.infinity, Double.infinity, Double.infinity, Double.infinity
    )
    for _ in 0..<rounds {
      read = min(read, try shortest(of: 1) { try files.forEach(readOnce) })
      var model: Transformer?
      first = min(
        first,
        try shortest(of: 1) {
          let loaded = try Transformer(contentsOf: location)
          _ = loaded.logits(batch)
          model = loaded
        })
      if let model { warm = min(warm, shortest(of: 1) { _ = model.logits(batch) }) }
      hashed = min(hashed, try shortest(of: 1) { _ = try reference.load(verifying: true) })
    }
    let bytes = try files.reduce(0) { sum, file in
      try sum + (file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
    }
    print(
      """
      loading \(name), \(Numbers.count(bytes >> 20)) MiB, first logits of 16 tokens
      files read once                            \(Numbers.fixed(read)) s
      first logits                               \(Numbers.fixed(first)) s
      first logits / files read once             \(Numbers.fixed(first / read, 2)) ×
      first logits / a warm forward pass         \(Numbers.fixed(first / warm, 2)) ×
      load with the files' SHA-256 / read once   \(Numbers.fixed(hashed / read, 2)) ×
      """)
  }

  /// The files of a model's weights: itself, or those of its directory.
  private static func weightFiles(_ location: URL) -> [URL] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: location.path) else {
      return [location]
    }
    let files = [".safetensors", ".bin"].map { ending in names.filter { $0.hasSuffix(ending) } }
    return (files.first { !$0.isEmpty } ?? []).sorted().map {
      location.appending(path: $0).resolvingSymlinksInPath()
    }
  }

  private static func readOnce(_ file: URL) throws {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    while let part = try handle.read(upToCount: 16 << 20), !part.isEmpty {}
  }
}
