public import Engine
import Files
public import Foundation

/// Prompt pairs from a file.
public enum TaskFile {
  /// How a file's records become pairs.
  public struct Reading: Sendable, Hashable, Codable {
    /// What of an answer is scored.
    public var answers: AnswerForm
    /// Whether pairs that cannot be used are left out and counted instead of refused.
    public var skipsUnusable: Bool

    /// Refuses what cannot be used, and takes answers of one token, if nothing else is said.
    public init(answers: AnswerForm = .oneToken, skipsUnusable: Bool = false) {
      self.answers = answers
      self.skipsUnusable = skipsUnusable
    }
  }

  /// The pairs of a file, and what is to be said of them.
  public struct Contents: Sendable {
    /// The pairs, in the file's order.
    public let pairs: [PromptPair]
    /// The number of each pair in the file, counted from 1; blank lines do not count.
    public let numbers: [Int]
    /// Why pairs were left out, and how many for each reason.
    public let skipped: [(reason: String, count: Int)]
    /// What a reader of results should know, in one sentence each.
    public let notes: [String]

    /// How many pairs were left out.
    public var skippedCount: Int { skipped.reduce(0) { $0 + $1.count } }
  }

  /// Reads pairs of a clean and a corrupted prompt with right and wrong answers.
  ///
  /// What a file is follows from what is in it: JSON objects one after another, in a list, or in a list `prompts`;
  /// or a table with commas, semicolons or tabs, in which a cell that is a JSON list is one. It may be gzip, and UTF-16
  /// with a byte-order mark. Records are those of Edgewise and auto-circuit (`clean`, `corrupted` or `corrupt`,
  /// `answers`, `wrong_answers`), of EAP-IG (`correct_idx`, `incorrect_idx` and the like), of feature circuits
  /// (`clean_prefix`, …), of MIB (`prompt`, `choices`, `…_counterfactual`), or of Edge Pruning
  /// (`<predict>`). Prompts are text or lists of token ids; answers are texts or token ids, one or a list.
  /// Text gets the model's start token, if it has one and the text does not spell it; token ids are taken as they are.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - model: The model whose tokens are used.
  ///   - reading: How records become pairs.
  ///   - metric: What pairs must have answers for, and be of the model's tokens; nil to find that out later.
  /// - Returns: The pairs, and which were left out.
  /// - Throws: ``TaskError``, which names the record or pair.
  public static func read(
    _ url: URL, model: Transformer, reading: Reading = Reading(), metric: (any Metric)? = nil
  ) throws(TaskError) -> Contents {
    let data: Data
    do { data = try RegularFile.contents(url) } catch {
      throw .unreadable(file: url.path, reason: reason(of: error))
    }
    let fields = try TaskRecords(data, file: url.path).fields
    let records = try records(fields, file: url.path)
    try requireAnswers(records, fields, metric)
    let maker = PairMaker(
      task: url.lastPathComponent, model: model, form: reading.answers)
    var (skipped, counts) = (SkippedPairs(), PairCounts())
    var (pairs, numbers) = ([PromptPair](), [Int]())
    for (index, record) in records.enumerated() {
      do throws(TaskError) {
        let (pair, traits) = try maker.pair(
          record, number: index + 1, areCells: fields[index].areCells)
        if let metric {
          try CircuitTask.check(pair, number: index + 1, metric: metric, model: model)
        }
        pairs.append(pair)
        counts.add(traits)
        numbers.append(index + 1)
      } catch {
        try skipped.add(error, reading)
      }
    }
    guard !pairs.isEmpty || records.isEmpty else {
      throw .noneUsable(task: url.lastPathComponent, reasons: skipped.list)
    }
    return Contents(
      pairs: pairs, numbers: numbers, skipped: skipped.counts,
      notes: counts.notes(model.tokenizer) + skipped.notes)
  }

  private static func records(
    _ fields: [RecordFields], file: String
  ) throws(TaskError) -> [TaskRecord] {
    var records: [TaskRecord] = []
    guard let first = fields.first else { return records }
    do throws(RecordProblem) {
      let format = try TaskFormats.format(of: first)
      for fields in fields { records.append(try format.record(fields)) }
      return records
    } catch {
      throw .malformed(file: file, record: records.count + 1, error.what)
    }
  }

  /// Refuses a file of which no record has what the metric needs.
  private static func requireAnswers(
    _ records: [TaskRecord], _ fields: [RecordFields], _ metric: (any Metric)?
  ) throws(TaskError) {
    guard let metric, let first = fields.first else { return }
    for (isNeeded, isMissing, wanted) in [
      (metric.needsAnswers, records.allSatisfy(\.answers.isEmpty), "answers"),
      (metric.needsWrongAnswers, records.allSatisfy(\.wrongAnswers.isEmpty), "wrong_answers"),
    ] where isNeeded && isMissing {
      throw .noAnswers(field: wanted, metric: metric.name, found: first.names)
    }
  }
}

/// Pairs that are left out, by why.
private struct SkippedPairs {
  private(set) var counts: [(reason: String, count: Int)] = []

  /// Counts a pair that cannot be used.
  ///
  /// - Throws: The error itself where it is not to be counted.
  mutating func add(_ error: TaskError, _ reading: TaskFile.Reading) throws(TaskError) {
    let isCoincidence =
      if case .contradictoryAnswers = error { reading.answers == .firstToken } else { false }
    guard reading.skipsUnusable || isCoincidence,
      let reason = isCoincidence ? TaskError.coincidence : error.skippedFor
    else { throw error }
    if let place = counts.firstIndex(where: { $0.reason == reason }) {
      counts[place].count += 1
    } else {
      counts.append((reason, 1))
    }
  }

  /// How many there are for each reason, in words.
  var list: String { counts.map { "\($0.count) \($0.reason)" }.joined(separator: ", ") }

  var notes: [String] { counts.isEmpty ? [] : ["note: pairs were left out: \(list)."] }
}

/// How many pairs have something that a reader of results should know.
private struct PairCounts {
  private var counts: [PairTrait: Int] = [:]

  mutating func add(_ traits: Set<PairTrait>) {
    for trait in traits { counts[trait, default: 0] += 1 }
  }

  func notes(_ tokenizer: (any Tokenizer)?) -> [String] {
    PairTrait.allCases.compactMap { trait in
      guard let count = counts[trait] else { return nil }
      let (pairs, verb) = count == 1 ? ("1 pair", "has") : ("\(count) pairs", "have")
      switch trait {
      case .spelledStart:
        let start = tokenizer?.startToken.flatMap { tokenizer?.decode([$0]) } ?? ""
        return """
          warning: \(pairs) \(count == 1 ? "spells" : "spell") the start token "\(start)", which this model's prompts \
          get anyway; it is not added a second time.
          """
      case .trailingSpace:
        return """
          note: \(pairs) \(verb) a prompt that ends in a space; for most tokenizers that space belongs to the answer.
          """
      case .cutAnswer:
        return "note: \(pairs) \(verb) answers of several tokens, of which the first is scored."
      case .textNumber:
        return """
          note: \(pairs) \(verb) whole numbers as answers, which are read as text since their prompts are; write token \
          ids in brackets: [1501].
          """
      }
    }
  }
}
