/// What a measure found of a circuit, with all the ways in which it is read: a new measure is one type.
public protocol Finding: Sendable {
  /// The key in `evaluation.json`.
  static var key: String { get }
  /// What people read in a terminal.
  ///
  /// - Parameters:
  ///   - report: The report that it is part of.
  ///   - page: How much room there is.
  /// - Returns: Tables and sentences; nil when there is nothing to say.
  func text(in report: EvaluationReport, on page: Page) -> String?
  /// Tables as CSV and plots as SVG and PDF, by file name.
  func files(in report: EvaluationReport) -> [String: String]
  /// What `evaluation.json` holds; NaN and infinite values are left out.
  func json(in report: EvaluationReport) -> any Encodable
}

extension Finding {
  /// No files.
  public func files(in report: EvaluationReport) -> [String: String] { [:] }
}
