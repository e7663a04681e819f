import Foundation
import TestSupport
import Testing

/// Models by their names on Hugging Face's hub, as a user would have them.
@Suite struct HubCommandTests {
  @Test func `a model is fetched, and then used by its name`() throws {
    let source = fixtures.appending(path: "gpt2")
    let model = try HubModel(directory: source, names: ["config.json", "model.safetensors"])
    let server = HubStandIn { request, _ in model.answer(request) }
    defer { server.stop() }
    try withTemporaryDirectory { directory in
      var environment = ["HF_HOME": directory.path, "HF_ENDPOINT": server.endpoint, "HF_TOKEN": ""]
      let task = fixtures.appending(path: "cases/tasks/ids_gpt2.jsonl").path
      let output = directory.appending(path: "run").path
      let discover = ["discover", "acme/tiny", "--task", task, "--edges", "3", "--output", output]
      let early = try run(discover, environment: environment)
      #expect(
        early.status == 1 && early.errors.contains("run \"edgewise fetch acme/tiny\" once"),
        "\(early)")
      let fetched = try run("fetch", "acme/tiny", environment: environment)
      #expect(fetched.status == 0 && fetched.output.contains("acme/tiny is at"), "\(fetched)")
      environment["HF_HUB_OFFLINE"] = "1"
      let found = try run(discover, environment: environment)
      #expect(found.output.contains("acme/tiny: 2 layers"), "\(found)")
      let record = try String(
        contentsOf: URL(filePath: output).appending(path: "run.json"), encoding: .utf8)
      // The files are hashed that the links lead to; the model is recorded by its name.
      #expect(record.contains(model.checksum("model.safetensors")))
      #expect(record.contains("\"acme\\/tiny\"") || record.contains("\"acme/tiny\""), "\(record)")
      let evaluated = try run(
        "evaluate", output, "--measures", "none", environment: environment)
      #expect(evaluated.status == 0 && evaluated.output.contains("acme/tiny"), "\(evaluated)")
      let offline = try run("fetch", "acme/tiny", environment: environment)
      #expect(offline.status == 1 && offline.errors.contains("HF_HUB_OFFLINE"), "\(offline)")
    }
  }
}
