import ArgumentParser
import Edgewise
import Foundation

extension Discover {
  /// The discovery on several tasks.
  func couplingPlan(_ radii: [CouplingRadius], on hardware: Hardware? = nil) throws -> CouplingPlan
  {
    CouplingPlan(
      model: ModelReference(model.model),
      tasks: task.flatMap { CommaList<String>(argument: $0)?.elements } ?? [],
      prompts: prompts.plan(nil), method: try chosenMethod, radii: radii, ablation: edges.ablation,
      groupsKeysAndValues: edges.groupKeyValues, selection: selection.plan, hardware: hardware)
  }

  /// Finds the circuits of several tasks whose scores are kept near each other.
  func couple(_ radii: [CouplingRadius]) throws {
    let (target, bar) = try output.begin()
    let prepared = try PreparedCoupling(
      couplingPlan(radii, on: hardware.plan()), verifying: model.files.verify)
    let place = resuming.place(beside: target)
    let state = try place.map { try prepared.state(at: $0, telling: bar.listener) }
    if let sizeNote = prepared.sizeNote { note(sizeNote) }
    let standings = try prepared.standings()
    let estimate = prepared.estimate(standings)
    if !output.shown.json { print(prepared.introduction(standings, estimate) + "\n") }
    fflush(nil)
    if dryRun { return }
    if let warning = estimate.warning { note(warning) }
    let found = try prepared.run(telling: bar.listener, state: state, standings: standings)
    try output.finish(
      target, files: found.files, json: found.json(), text: found.text(on: output.shown.page))
    place?.forget()
  }
}
