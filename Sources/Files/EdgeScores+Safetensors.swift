public import Foundation
public import Graphs
package import Tensors

extension EdgeScores {
  /// The scores as a safetensors file: tensor `scores`, F32 `[writers, readers]`.
  ///
  /// Scores that follow from those of nodes come with these, tensor `nodes`, F32 `[writers]`, 0 for what is
  /// always kept.
  /// The metadata names `writers` and `readers` as JSON arrays, and the `method` and `metric`; where heads share a
  /// norm, `head_coupling` says so. The same scores give the same bytes.
  ///
  /// - Parameters:
  ///   - method: How the scores were found.
  ///   - metric: What they are scores of.
  /// - Returns: The bytes of the file.
  /// - Throws: An error of the JSON encoder.
  public func safetensors(method: String, metric: String) throws -> Data {
    try safetensors(method: method, metric: metric, beside: [:])
  }

  /// The same with more tensors in the file.
  package func safetensors(
    method: String, metric: String, beside others: [String: Tensor]
  ) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let names = { (names: [String]) in String(decoding: try encoder.encode(names), as: UTF8.self) }
    var tensors = others
    tensors["scores"] = Tensor(values, shape: [graph.writerCount, graph.readerCount])
    tensors["nodes"] = nodes.map {
      Tensor($0.values.map { $0 ?? 0 }, shape: [graph.writerCount])
    }
    var metadata = [
      "writers": try names(graph.writers.map(\.description)),
      "readers": try names(graph.readers.map(\.description)),
      "method": method, "metric": metric, "d_model": "\(graph.dModel)",
      "parallel_attn_mlp": "\(graph.isParallel)",
    ]
    if graph.headCoupling != .none { metadata["head_coupling"] = graph.headCoupling.rawValue }
    return try Safetensors.encode(tensors, metadata: metadata)
  }

  /// Reads scores from a safetensors file; nil when it holds tensors but no scores.
  ///
  /// - Throws: ``CheckpointError`` when the file is malformed, names no graph's writers and readers, or
  ///   holds scores that are NaN or infinite.
  public init?(safetensors url: URL) throws(CheckpointError) {
    let file = try Safetensors.read(url)
    guard let stored = file.tensors["scores"] else { return nil }
    let graph = try Self.graph(of: file)
    self.init(
      try Self.values("scores", stored, [graph.writerCount, graph.readerCount], file), graph: graph)
    guard let stored = file.tensors["nodes"] else { return }
    nodes = NodeScores(
      try Self.values("nodes", stored, [graph.writerCount], file), graph: graph)
  }

  private static func values(
    _ name: String, _ stored: StoredTensor, _ shape: [Int], _ file: TensorFile
  ) throws(CheckpointError) -> [Float] {
    guard stored.shape == shape else {
      throw CheckpointError(
        file.path, .wrongShape(tensor: name, expected: shape, found: stored.shape))
    }
    return try file.read(name, stored).values()
  }

  /// The graph whose writers and readers the metadata names.
  private static func graph(of file: TensorFile) throws(CheckpointError) -> ComputationGraph {
    let fields = Fields(file: file.path, values: file.metadata)
    let names = { (key: String) -> [String] in
      let data = Data((fields.text(key) ?? "").utf8)
      return (try? JSONDecoder().decode([String].self, from: data)) ?? []
    }
    let (writers, readers) = (names("writers"), names("readers"))
    let hasMLPs = writers.contains { $0.hasPrefix("m") }
    let layers = Set(writers.compactMap { Writer($0)?.layer }).count
    let dModel = fields.text("d_model").flatMap { Int($0) } ?? 1
    // Sequential and parallel graphs name the same nodes; "parallel" says which one it is.
    if layers > 0, writers.count > 1 {
      let heads = (writers.count - 1) / layers - (hasMLPs ? 1 : 0)
      let keys = ((readers.count - 1) / layers - (hasMLPs ? 1 : 0) - heads) / 2
      if heads > 0, keys > 0, heads % keys == 0, dModel > 0,
        let coupling = HeadCoupling(rawValue: fields.text("head_coupling") ?? "none")
      {
        let graph = ComputationGraph(
          layerCount: layers, headCount: heads, keyValueReaderCount: keys,
          isParallel: fields.text("parallel_attn_mlp") == "true", hasMLPs: hasMLPs,
          headCoupling: coupling, dModel: dModel)
        if graph.writers.map(\.description) == writers, graph.readers.map(\.description) == readers
        {
          return graph
        }
      }
    }
    throw CheckpointError(
      file.path, .malformed("the metadata should name a transformer's \"writers\" and \"readers\""))
  }
}

/// The tensors of a safetensors file, without reading them.
public enum TensorListing {
  /// A tensor's name, format and shape.
  public struct Entry: Sendable, Equatable {
    /// The name.
    public let name: String
    /// The format, as the file spells it.
    public let format: String
    /// The length of each axis.
    public let shape: [Int]
  }

  /// The tensors of a file, by name.
  ///
  /// - Throws: ``CheckpointError`` for a file that cannot be read or breaks the format.
  public static func tensors(in url: URL) throws(CheckpointError) -> [Entry] {
    try Safetensors.read(url).tensors.map { name, tensor in
      Entry(name: name, format: tensor.format, shape: tensor.shape)
    }.sorted { $0.name < $1.name }
  }
}
