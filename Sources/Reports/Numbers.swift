import Foundation

/// How numbers are written for people, the same in every locale.
public enum Numbers {
  private static let locale = Locale(identifier: "en_US_POSIX")

  /// A count with separators: 162,801.
  public static func count(_ number: Int) -> String {
    let digits = String(number.magnitude)
    let groups = stride(from: digits.count, to: 0, by: -3).map { end in
      String(digits.dropLast(digits.count - end).suffix(3))
    }
    return (number < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }

  /// A count with what is counted: 1 pair, 100 pairs.
  public static func count(_ number: Int, _ noun: String) -> String {
    "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// A number with a fixed number of digits after the point: 3.142.
  public static func fixed(_ number: Double, _ digits: Int = 3) -> String {
    String(format: "%.\(digits)f", locale: locale, number)
  }

  /// A number with its sign: +0.137.
  public static func signed(_ number: Double, _ digits: Int = 4) -> String {
    String(format: "%+.\(digits)f", locale: locale, number)
  }

  /// A share as a percentage: 83.4 %; a dash when it is no number.
  public static func percent(_ share: Double) -> String {
    share.isFinite ? fixed(100 * share, 1) + " %" : "–"
  }

  /// A number with all its digits, for files; nothing when there is none.
  static func exact(_ number: Double?) -> String {
    number.flatMap { $0.isFinite ? "\($0)" : nil } ?? ""
  }
}

/// Lines of cells, the header first; no cell of ours has a comma or a quote.
func csv(_ header: [String], _ rows: [[String]]) -> String {
  ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
}
