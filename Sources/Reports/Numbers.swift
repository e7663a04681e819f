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

  /// A count with what is counted, whose plural is irregular: 1 pass, 2 passes.
  public static func count(_ number: Int, _ noun: String, _ plural: String) -> String {
    "\(count(number)) \(number == 1 ? noun : plural)"
  }

  /// A time for people: 0.4 s, 12 s, 3 min, 2:05 h, 4.3 days.
  public static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<9.95: return fixed(seconds, 1) + " s"
    case ..<99.5: return fixed(seconds, 0) + " s"
    case ..<3570: return fixed(seconds / 60, 0) + " min"
    case ..<86_370:
      let minutes = Int((seconds / 60).rounded())
      let rest = minutes % 60
      return "\(minutes / 60):\(rest < 10 ? "0" : "")\(rest) h"
    case ..<31_536_000: return fixed(seconds / 86_400, 1) + " days"
    default: return "more than a year"
    }
  }

  /// A number with a fixed number of digits after the point: 3.142; a dash for NaN.
  public static func fixed(_ number: Double, _ digits: Int = 3) -> String {
    number.isNaN ? "–" : String(format: "%.\(digits)f", locale: locale, rounded(number, digits))
  }

  private static func exponential(_ number: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)e", locale: locale, number).lowercased()
  }

  /// Zero for what would be written as zero with a minus.
  private static func rounded(_ number: Double, _ digits: Int) -> Double {
    abs(number) < 0.5 * pow(10, -Double(digits)) ? 0 : number
  }

  /// A number for a narrow column: 3.142, 1234.5, 1.2e+06.
  public static func short(_ number: Double) -> String {
    guard abs(number) >= 1000, number.isFinite else { return fixed(number) }
    return abs(number) < 100_000
      ? fixed(number, 1) : exponential(number, 1)
  }

  /// A number with six digits at most, and those only that say something: 50; 0.0625; 1,000,000.
  public static func plain(_ number: Double) -> String {
    let whole = number.rounded()
    if abs(number) < 1e15, abs(number - whole) <= 1e-6 * abs(number) { return count(Int(whole)) }
    return String(format: "%.6g", locale: locale, number)
  }

  /// A number with its sign: +0.137; +1.0e-06 where the digits would all be 0.
  public static func signed(_ number: Double, _ digits: Int = 4) -> String {
    if number != 0, rounded(number, digits) == 0 {
      return (number > 0 ? "+" : "") + exponential(number, 1)
    }
    return number.isNaN
      ? "–" : String(format: "%+.\(digits)f", locale: locale, rounded(number, digits))
  }

  /// A share as a percentage: 83.4 %; a dash when it is NaN or infinite.
  public static func percent(_ share: Double) -> String {
    guard share.isFinite else { return "–" }
    return switch abs(share) {
    case ..<10: fixed(100 * share, 1) + " %"
    case ..<1000: fixed(100 * share, 0) + " %"
    default: exponential(100 * share, 0) + " %"
    }
  }

  /// A number with all its digits, for files; nothing when it is nil, NaN or infinite.
  package static func exact(_ number: Double?) -> String {
    number.flatMap { $0.isFinite ? "\($0)" : nil } ?? ""
  }
}

/// Lines of cells, the header first; no cell of ours has a comma or a quote.
package func csv(_ header: [String], _ rows: [[String]]) -> String {
  ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
}
