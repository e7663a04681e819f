import Files
import Engine
import Foundation
import Graphs
import Models
import TestSupport
import Testing

/// Tensors that are windows of a storage, as `torch.save` writes them.
@Suite struct TorchFileTests {
  private let configuration: TransformerConfiguration

  init() throws { configuration = try GoldenModel("gpt2").model.configuration }

  private func little(_ value: Int, _ count: Int) -> Data {
    Data((0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }

  private func text(_ text: String) -> Data {
    Data("X".utf8) + little(text.utf8.count, 4) + Data(text.utf8)
  }

  private func integer(_ value: Int) -> Data { Data("J".utf8) + little(value, 4) }

  /// A pickle of a dictionary.
  private func dictionary(_ entries: [(String, Data)]) -> Data {
    entries.reduce(Data("}(".utf8)) { $0 + text($1.0) + $1.1 } + Data("u".utf8)
  }

  /// A pickle of a matrix in storage 0.
  private func matrix(
    _ kind: String, storage: String, offset: Int, shape: [Int], strides: [Int]
  ) -> Data {
    let pair = { (numbers: [Int]) in integer(numbers[0]) + integer(numbers[1]) + Data([0x86]) }
    return Data("ctorch._utils\n_rebuild_tensor_v2\n((".utf8) + text("storage")
      + Data("ctorch\n\(kind)\n".utf8) + text(storage) + text("cpu") + integer(1)
      + Data("tQ".utf8) + integer(offset) + pair(shape) + pair(strides) + Data([0x89])
      + Data("}tR".utf8)
  }

  /// An archive whose entries are stored as they are.
  private func archive(_ entries: [(name: String, data: Data)]) -> Data {
    var (body, directory) = (Data(), Data())
    for (name, data) in entries {
      directory +=
        Data("PK\u{1}\u{2}".utf8) + Data(count: 16) + little(data.count, 4)
        + little(data.count, 4) + little(name.utf8.count, 2) + Data(count: 12)
        + little(body.count, 4) + Data(name.utf8)
      body +=
        Data("PK\u{3}\u{4}".utf8) + Data(count: 14) + little(data.count, 4)
        + little(data.count, 4) + little(name.utf8.count, 2) + little(0, 2) + Data(name.utf8) + data
    }
    return body + directory + Data("PK\u{5}\u{6}".utf8) + Data(count: 4)
      + little(entries.count, 2) + little(entries.count, 2) + little(directory.count, 4)
      + little(body.count, 4) + little(0, 2)
  }

  /// Reads scores that are a window of three times as many numbers 0, 1, 2, … in Float32.
  private func read(
    offset: Int, strides: [Int]? = nil, inGraph: [UInt8]? = nil
  ) throws -> CircuitFile.Contents {
    let graph = configuration.graph()
    let shape = [graph.writerCount, graph.readerCount]
    var entries = [
      (
        "cfg",
        dictionary([
          ("n_layers", integer(graph.layerCount)), ("n_heads", integer(graph.headCount)),
          ("parallel_attn_mlp", Data([0x89])), ("d_model", integer(graph.dModel)),
        ])
      ),
      (
        "edges_scores",
        matrix(
          "FloatStorage", storage: "0", offset: offset, shape: shape,
          strides: strides ?? [shape[1], 1])
      ),
    ]
    if inGraph != nil {
      entries.append(
        (
          "edges_in_graph",
          matrix("BoolStorage", storage: "1", offset: 0, shape: shape, strides: [shape[1], 1])
        ))
    }
    let numbers = (0..<(3 * shape[0] * shape[1])).map { little(Int(Float($0).bitPattern), 4) }
    let file = archive([
      ("x/data.pkl", Data([0x80, 2]) + dictionary(entries) + Data(".".utf8)),
      ("x/data/0", numbers.reduce(Data(), +)), ("x/data/1", Data(inGraph ?? [])),
    ])
    return try withTemporaryDirectory { directory in
      let url = directory.appending(path: "circuit.pt")
      try file.write(to: url)
      return try CircuitFile.read(url, for: configuration.graphs)
    }
  }

  @Test func `a window starts at its offset in elements`() throws {
    let graph = configuration.graph()
    let size = graph.writerCount * graph.readerCount
    for offset in [0, 7, 2 * size] {
      let scores = try #require(try read(offset: offset).scores)
      #expect(graph.edgeOffsets.allSatisfy { scores.values[$0] == Float(offset + $0) })
    }
    #expect(throws: CircuitFileError.self) { try read(offset: 2 * size + 1) }
    #expect(throws: CircuitFileError.self) { try read(offset: -1) }
  }

  @Test func `a window of other strides is refused`() throws {
    let readers = configuration.graph().readerCount
    for strides in [[readers, 2], [readers + 1, 1], [1, readers], [readers - 1, 1]] {
      #expect(throws: CircuitFileError.self, "\(strides)") {
        try read(offset: 0, strides: strides)
      }
    }
  }

  @Test func `what is not 0 is true`() throws {
    let graph = configuration.graph()
    let isKept = (0..<(graph.writerCount * graph.readerCount)).map { UInt8($0 % 3) }
    let circuit = try #require(try read(offset: 0, inGraph: isKept).circuit)
    #expect(
      circuit.edges == graph.edgeOffsets.filter { $0 % 3 != 0 }.map(graph.edge(at:)))
  }
}
