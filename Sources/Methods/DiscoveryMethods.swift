/// The known methods.
public enum DiscoveryMethods {
  /// All methods, the default first.
  public static let all: [MethodEntry] = [
    AttributionPatching.plainEntry, AttributionPatching.inputEntry,
    AttributionPatching.activationsEntry, AttributionPatching.cleanAndCorruptedEntry,
    AttributionPatching.conductanceEntry, AttributionPatching.expectedGradientsEntry,
    AttributionPatching.steeredEntry,
    AttributionPatching.gimEntry, AttributionPatching.relpEntry,
    AttributionPatching.relpThroughPatternsEntry, AttributionPatching.attnLRPEntry,
    AtPStar.dropEntry, AtPStar.entry, NodeAttribution.plainEntry, NodeAttribution.integratedEntry,
    AttributionPatching.spanEntry,
    InformationFlow.entry,
    ExactPatching.entry, ACDC.entry, HeadImportance.nodeEntry, HeadImportance.edgeEntry,
    SubnetworkProbing.nodeEntry, SubnetworkProbing.edgeEntry, EdgePruning.entry,
    UniformGradientSampling.uniformEntry, UniformGradientSampling.hardConcreteEntry,
    MaskAttribution.entry, DiscoGP.entry, InformationBottleneck.entry, PromptGates.entry,
    Ensemble.entry,
  ]

  /// The method of a name.
  ///
  /// - Throws: ``MethodError/unknownMethod(_:known:)``.
  public static func named(_ name: String) throws(MethodError) -> MethodEntry {
    guard let entry = all.first(where: { $0.name == name }) else {
      throw .unknownMethod(name, known: all.map(\.name))
    }
    return entry
  }
}
