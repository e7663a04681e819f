extension StringProtocol {
  /// The text as part of a sentence: what comes from a file can be a name of any length.
  package var shortened: String {
    let (most, end) = (200, 20)
    guard utf8.count > most, count > most else { return String(self) }
    return "\(prefix(most - end))…\(suffix(end))"
  }
}
