/// ACDC's tests of the edges into one reader, several at once.
///
/// Trials speculate that each edge ends as the one decided last did. A trial whose speculation came true was
/// the right test, so its outcome counts; the first one that ends otherwise still counts itself, and the
/// trials after it are thrown away. The outcome is that of testing one edge after another.
struct ReaderSearch {
  /// The reader's mask, one number for each writer it sees.
  private(set) var column: [Float]
  /// The loss at that mask.
  private(set) var loss: Double
  private let widest: Int
  /// The writer to be tested next, and all before it.
  private var open: Int
  private var speculation = true
  private var width: Int

  /// - Parameters:
  ///   - writerCount: How many writers the reader sees; all edges are intact.
  ///   - loss: The loss when they are.
  ///   - widest: The most trials of one call.
  init(writerCount: Int, loss: Double, widest: Int) {
    column = [Float](repeating: 1, count: writerCount)
    self.loss = loss
    self.widest = widest
    open = writerCount
    width = min(8, widest)
  }

  /// Ablates every edge without a test.
  mutating func ablateAll() { column = [Float](repeating: 0, count: column.count) }

  /// Tests every edge, the last writer first.
  ///
  /// - Parameters:
  ///   - accepts: Whether an edge goes when the loss rises so much without it.
  ///   - losses: The losses at several columns.
  /// - Throws: ``MethodError/notFinite`` when a loss is NaN or infinite.
  mutating func run(
    accepts: (Double) -> Bool, losses: ([[Float]]) -> [Double]
  ) throws(MethodError) {
    while open > 0 {
      let writers = Array((max(open - width, 0)..<open).reversed())
      var supposed = column
      let columns = writers.map { writer in
        var trial = supposed
        trial[writer] = 0
        if speculation { supposed = trial }
        return trial
      }
      let decided = try decide(writers, losses(columns), accepts)
      open -= decided
      width = min(2 * decided, widest)
    }
  }

  /// Takes in the outcomes that count; returns how many there are.
  private mutating func decide(
    _ writers: [Int], _ losses: [Double], _ accepts: (Double) -> Bool
  ) throws(MethodError) -> Int {
    for (index, writer) in writers.enumerated() {
      guard losses[index].isFinite else { throw .notFinite }
      let goes = accepts(losses[index] - loss)
      if goes { (column[writer], loss) = (0, losses[index]) }
      if goes != speculation {
        speculation = goes
        return index + 1
      }
    }
    return writers.count
  }
}
