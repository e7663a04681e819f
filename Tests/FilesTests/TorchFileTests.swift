import Files
import Engine
import Foundation
import Graphs
import Models
import TestSupport
import Testing

/// Tensors that are windows of a storage, as `torch.save` writes them.
@Suite struct TorchFileTests {
  private let model: Transformer

  init() throws { model = try GoldenModel("gpt2").model }

  /// Reads scores that are a window of three times as many numbers 0, 1, 2, … in Float32.
  private func read(
    offset: Int, strides: [Int]? = nil, inGraph: [UInt8]? = nil, of graph: ComputationGraph? = nil,
    for graphs: [ComputationGraph]? = nil
  ) throws -> CircuitFile.Contents {
    let graph = graph ?? model.graph
    let shape = [graph.writerCount, graph.readerCount]
    var entries = [
      (
        "cfg",
        TorchFile.dictionary([
          ("n_layers", TorchFile.integer(graph.layerCount)),
          ("n_heads", TorchFile.integer(graph.headCount)), ("parallel_attn_mlp", Data([0x89])),
          ("d_model", TorchFile.integer(graph.dModel)),
        ])
      ),
      (
        "edges_scores",
        TorchFile.tensor(
          TorchFile.Tensor(storage: "0", offset: offset, shape: shape, strides: strides))
      ),
    ]
    if inGraph != nil {
      entries.append(
        (
          "edges_in_graph",
          TorchFile.tensor(TorchFile.Tensor("BoolStorage", storage: "1", shape: shape))
        ))
    }
    let numbers = (0..<(3 * shape[0] * shape[1])).map {
      TorchFile.little(Int(Float($0).bitPattern), 4)
    }
    var file = TorchFile()
    file.value = TorchFile.dictionary(entries)
    file.storages = [("0", numbers.reduce(Data(), +)), ("1", Data(inGraph ?? []))]
    return try withTemporaryDirectory { directory in
      let url = directory.appending(path: "circuit.pt")
      try file.data.write(to: url)
      return try CircuitFile.read(url, for: graphs ?? model.graphs)
    }
  }

  @Test func `a window starts at its offset in elements`() throws {
    let graph = model.graph
    let size = graph.writerCount * graph.readerCount
    for offset in [0, 7, 2 * size] {
      let scores = try #require(try read(offset: offset).scores)
      #expect(graph.edgeOffsets.allSatisfy { scores.values[$0] == Float(offset + $0) })
    }
    #expect(throws: CircuitFileError.self) { try read(offset: 2 * size + 1) }
    #expect(throws: CircuitFileError.self) { try read(offset: -1) }
  }

  @Test func `as many writers as heads are those of a model without MLPs`() throws {
    let both = [true, false].map {
      ComputationGraph(layerCount: 2, headCount: 2, hasMLPs: $0, dModel: 8)
    }
    for graph in both {
      for graphs in [[], [graph]] {
        #expect(try read(offset: 0, of: graph, for: graphs).graph == graph)
      }
      let other = both.filter { $0 != graph }
      #expect { _ = try read(offset: 0, of: graph, for: other) } throws: {
        "\($0)".contains("the file is about a model of 2 layers") && "\($0)".contains("no MLPs")
      }
    }
  }

  @Test func `a window of other strides is laid out anew`() throws {
    let graph = model.graph
    let (writers, readers) = (graph.writerCount, graph.readerCount)
    for strides in [[readers, 2], [readers + 1, 1], [1, writers], [readers - 1, 1], [0, 1]] {
      let scores = try #require(try read(offset: 3, strides: strides).scores)
      #expect(
        graph.edgeOffsets.allSatisfy {
          scores.values[$0]
            == Float(3 + $0 / readers * strides[0] + $0 % readers * strides[1])
        }, "\(strides)")
    }
    for strides in [[4 * readers, 1], [readers, -1], [.max, 1], [readers, .max]] {
      #expect(throws: CircuitFileError.self, "\(strides)") {
        try read(offset: 3, strides: strides)
      }
    }
  }

  @Test func `what is not 0 is true`() throws {
    let graph = model.graph
    let isKept = (0..<(graph.writerCount * graph.readerCount)).map { UInt8($0 % 3) }
    let circuit = try #require(try read(offset: 0, inGraph: isKept).circuit)
    #expect(
      circuit.edges == graph.edgeOffsets.filter { $0 % 3 != 0 }.map(graph.edge(at:)))
  }
}
