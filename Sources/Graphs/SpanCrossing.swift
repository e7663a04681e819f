/// What a head carries from one span of the prompts to another, inside of its attention.
public struct SpanCrossing: Sendable, Equatable {
  /// The head.
  public let head: Writer
  /// Whether keys or values are looked at.
  public let projection: Reader.Projection
  /// The span that is looked at.
  public let source: String
  /// The span that looks.
  public let target: String
  /// The estimated rise of the loss when keys, or values, of the source are ablated for the target alone.
  public let score: Double

  /// Describes what a head carries.
  public init(
    head: Writer, projection: Reader.Projection, source: String, target: String, score: Double
  ) {
    self.head = head
    self.projection = projection
    self.source = source
    self.target = target
    self.score = score
  }
}
