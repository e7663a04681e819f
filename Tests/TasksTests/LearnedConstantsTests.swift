import Engine
import Files
import Foundation
import Graphs
import Tasks
import Tensors
import TestSupport
import Testing

/// Files of learned constants.
@Suite struct LearnedConstantsTests {
  private func constants(_ model: Transformer) -> CompactWrites {
    let constants = ConstantWrites(model)
    return constants.writes((0..<constants.count).map { Double($0) / 16 - 2 })
  }

  private func loaded(_ path: String, _ model: Transformer) throws -> CompactWrites? {
    guard case .optimal(let read) = try Ablation(rawValue: "optimal:" + path)?.loaded(for: model)
    else { return nil }
    return read.writes
  }

  @Test(arguments: ["gpt2", "llama"]) func `a file is read as it was written`(family: String) throws
  {
    let model = try GoldenModel(family).model
    let written = constants(model)
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: LearnedConstants.fileName)
      let bytes = try LearnedConstants.safetensors(written, of: model)
      #expect(try bytes == LearnedConstants.safetensors(written, of: model))
      try bytes.write(to: file)
      // The file itself, or the directory that holds it.
      for path in [file.path, directory.path] {
        let read = try #require(try loaded(path, model))
        #expect(read.tensors == written.tensors)
      }
    }
  }

  @Test func `the name is the path, and an empty one is none`() throws {
    #expect(Ablation(rawValue: "optimal:") == nil)
    let ablation = try #require(Ablation(rawValue: "optimal:a:b,c"))
    #expect(ablation.rawValue == "optimal:a:b,c")
    #expect(ablation != .optimal(LearnedConstants(path: "a")))
    #expect(
      try JSONDecoder().decode(Ablation.self, from: JSONEncoder().encode(ablation)) == ablation)
    #expect(!Ablation.allCases.contains { $0.file != nil })
  }

  /// Each fault has a sentence that says what is wrong.
  @Test func `what is no file of the model's constants is refused`() throws {
    let (model, other) = (try GoldenModel("gpt2").model, try GoldenModel("llama").model)
    let written = constants(model)
    func expect(_ data: Data?, _ says: String) throws {
      try withTemporaryDirectory { directory in
        let file = directory.appending(path: "x.safetensors")
        try data?.write(to: file)
        let error = #expect(throws: CheckpointError.self) { try loaded(file.path, model) }
        let text = try #require(error?.description)
        #expect(text.hasPrefix(file.path) && text.contains(says), "\(text)")
      }
    }
    let metadata = ["writers": model.graph.writers.map(\.description).joined(separator: " ")]
    let names =
      ["input"] + [0, 1].map { "heads.\($0)" } + [0, 1].map { "mlp.\($0)" }
    let tensors = Dictionary(
      uniqueKeysWithValues: zip(names, written.tensors.map { $0.reshaped([$0.count]) }))
    func changed(_ change: (inout [String: Tensor]) -> Void) throws -> Data {
      var tensors = tensors
      change(&tensors)
      return try Safetensors.encode(tensors, metadata: metadata)
    }
    try expect(nil, "there is no such file")
    try expect(Data("{}".utf8), "ends inside")
    try expect(Safetensors.encode(tensors), "should hold learned constants")
    try expect(LearnedConstants.safetensors(constants(other), of: other), "of a model with")
    try expect(changed { $0["mlp.1"] = nil }, "needs a tensor \"mlp.1\"")
    try expect(changed { $0["heads.0"] = Tensor(zeros: [3]) }, "should have shape")
    try expect(changed { $0["input"] = Tensor(zeros: [24]).filled(with: .nan) }, "NaN")
  }
}

extension Tensor {
  fileprivate func filled(with value: Float) -> Tensor {
    Tensor([Float](repeating: value, count: count), shape: shape)
  }
}
