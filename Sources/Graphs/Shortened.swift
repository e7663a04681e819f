extension StringProtocol {
  /// The text as part of a sentence: what comes from a file can be a name of any length and of any characters.
  package var shortened: String {
    let (most, end) = (200, 20)
    let plain = String(
      String.UnicodeScalarView(
        unicodeScalars.prefix(10 * most).map {
          $0.properties.generalCategory == .control ? "�" : $0
        }))
    guard plain.count > most else { return plain }
    return "\(plain.prefix(most - end))…\(suffix(end).filter { !$0.isNewline })"
  }
}
