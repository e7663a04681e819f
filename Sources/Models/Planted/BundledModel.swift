public import Engine
extension Transformer {
  /// The name of the model that comes with Edgewise.
  public static let bundledName = "induction-tiny"

  /// A two-layer transformer whose induction circuit is written by hand.
  ///
  /// It knows 24 tokens and repeats what followed a token before. Head 1 of layer 0 attends to the position
  /// before and copies its token (`a0.h1`); head 2 of layer 1 looks for its own token among the tokens before
  /// others and copies what stands there (`a1.h2`). All other heads and the MLPs hold small random numbers.
  public static func bundled() -> Transformer {
    let sizes = CircuitWriter.Sizes(
      layerCount: 2, headCount: 5, vocabularySize: 24, contextLength: 24, noise: 0.02, sharpness: 5,
      seed: 0)
    var writer = CircuitWriter(sizes, slotCount: 4)
    writer.writeInduction(
      previous: (layer: 0, index: 1), into: 2, induction: (layer: 1, index: 2), into: 3)
    return writer.transformer(name: bundledName, logits: 3, gain: 6)
  }
}

extension CircuitWriter {
  /// Writes a head that copies the token before into a slot.
  package mutating func writePrevious(_ head: (layer: Int, index: Int), into slot: Int) {
    write(
      head, query: all(Self.position), key: all(Self.position, shift: 1), value: all(Self.token),
      output: all(slot))
  }

  /// Writes a head that copies what stands where a slot's content was the token before.
  ///
  /// - Parameters:
  ///   - head: Where the head is.
  ///   - sought: The slot whose content is sought.
  ///   - previous: The slot that holds the token before.
  ///   - slot: Where the found token goes.
  package mutating func writeLookup(
    _ head: (layer: Int, index: Int), of sought: Int, among previous: Int, into slot: Int
  ) {
    write(
      head, query: all(sought), key: all(previous), value: all(Self.token), output: all(slot))
  }

  /// Writes both heads of induction.
  ///
  /// - Parameters:
  ///   - first: The head that copies the token before.
  ///   - previous: The slot for it.
  ///   - second: The head that looks for its own token there.
  ///   - next: The slot for what it finds.
  package mutating func writeInduction(
    previous first: (layer: Int, index: Int), into previous: Int,
    induction second: (layer: Int, index: Int), into next: Int
  ) {
    writePrevious(first, into: previous)
    writeLookup(second, of: Self.token, among: previous, into: next)
  }
}
