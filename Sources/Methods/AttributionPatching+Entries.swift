import Graphs

extension AttributionPatching {
  static let steps = MethodOption.count("steps", "points of the integral", standard: 5)

  private static func rule(_ standard: Rule) -> MethodOption<Rule> {
    .choice("rule", "where in its step each point lies", standard: standard)
  }

  /// A method of EAP's cost.
  static func entry(
    _ name: String, _ summary: String, paper: String,
    options: [any MethodOptionDescription] = [],
    make: @escaping @Sendable (MethodOptions) -> AttributionPatching
  ) -> MethodEntry {
    MethodEntry(
      name: name, summary: summary, paper: paper, cost: "2 forward, 1 backward", options: options,
      passes: { _, _ in PassCount(2, 1) }, make: make)
  }

  static let plainEntry = entry("eap", "edge attribution patching", paper: "2310.10348") { _ in
    plain
  }

  static let inputEntry = MethodEntry(
    name: "eap-ig", summary: "EAP with integrated gradients, along the input",
    paper: "2403.17806", cost: "2 + steps forward, steps backward", options: [steps, rule(.left)],
    integratesInputs: true,
    passes: { options, _ in PassCount(2 + options[steps], options[steps]) },
    make: { AttributionPatching.integrated(steps: $0[steps], rule: $0[rule(.left)]) })

  static let activationsEntry = MethodEntry(
    name: "eap-ig-activations",
    summary: "EAP with integrated gradients, along each module's write", paper: "2504.13151",
    cost: "2 + steps · modules forward, steps · modules backward",
    options: [steps, rule(.right)],
    passes: { options, problem in
      let runs = options[steps] * (problem.graph.layerCount * problem.graph.layerModuleCount + 1)
      return PassCount(2 + runs, runs)
    },
    make: {
      AttributionPatching.integrated(along: .modules, steps: $0[steps], rule: $0[rule(.right)])
    })

  static let cleanAndCorruptedEntry = MethodEntry(
    name: "clean-corrupted", summary: "EAP with the mean of clean and corrupted gradients",
    paper: "2403.17806", cost: "3 forward, 2 backward", passes: { _, _ in PassCount(3, 2) },
    make: { _ in cleanAndCorrupted })
}
