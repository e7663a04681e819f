import Tensors

/// Where the tokens of a run lie: prompts one after another, maybe going on from a cache.
struct TokenPlaces {
  /// Where each prompt starts; one more for the end of the last.
  let starts: [Int32]
  /// The position of each token inside its prompt.
  let positions: [Int32]
  /// Where each prompt's keys start: cached ones, then those of the run's tokens.
  let keyStarts: [Int32]
  /// For each key its row among those of all cached tokens followed by those of the run's.
  let keyRows: [Int32]

  /// Where each prompt's queries start, those of its last tokens.
  private(set) var queryStarts: [Int32]
  /// The tokens that have queries; nil for all.
  private(set) var queryRows: [Int32]?
  /// The positions of those.
  var queryPositions: [Int32] { queryRows.map { $0.map { positions[Int($0)] } } ?? positions }

  /// No tokens, for layers that only write.
  static let none = TokenPlaces(TokenBatch([]))

  /// The tokens of a batch, its prompts several times.
  init(_ batch: TokenBatch, copies: Int = 1) {
    let length = Int32(batch.tokens.count)
    let cached = batch.cachedCounts
    let cachedStarts = cached.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
    let cachedLength = cachedStarts.last ?? 0
    var (starts, keyStarts, keyRows): ([Int32], [Int32], [Int32]) = ([0], [0], [])
    for copy in 0..<Int32(copies) {
      for prompt in 0..<batch.promptCount {
        let own = cachedLength + copy * length
        keyRows += cachedStarts[prompt]..<cachedStarts[prompt + 1]
        keyRows += (own + batch.starts[prompt])..<(own + batch.starts[prompt + 1])
        keyStarts.append(Int32(keyRows.count))
        starts.append(copy * length + batch.starts[prompt + 1])
      }
    }
    (self.starts, self.keyStarts, self.keyRows) = (starts, keyStarts, keyRows)
    positions = [[Int32]](repeating: batch.positions, count: copies).flatMap(\.self)
    queryStarts = starts
  }

  /// The same tokens, of which only the last ones of each prompt have queries: from the first measured one on.
  func queried(fromFirstOf rows: [Int32]) -> TokenPlaces {
    var copy = self
    var queried: [Int32] = []
    copy.queryStarts = [0]
    for (start, end) in zip(starts, starts.dropFirst()) {
      queried += (rows.first { $0 >= start && $0 < end } ?? end)..<end
      copy.queryStarts.append(Int32(queried.count))
    }
    copy.queryRows = queried
    return copy
  }

  /// The rows of tokens that have queries.
  func queried(_ tensor: Tensor) -> Tensor { queryRows.map(tensor.gatherRows) ?? tensor }

  /// Rows of tokens that have queries as rows of all tokens, zero for the others.
  func spread(_ tensor: Tensor) -> Tensor {
    guard let queryRows else { return tensor }
    var all = Tensor(zeros: [positions.count, tensor.columnCount], on: tensor.device)
    all.replaceRows(queryRows, with: tensor)
    return all
  }
}
