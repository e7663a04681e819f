import Engine
import Tasks
import Testing

@Suite struct PairBatchTests {
  private let pairs = [
    PromptPair(clean: [1, 2, 3, 4], corrupted: [1, 2, 3, 5], answers: [], wrongAnswers: []),
    // Measured before the prompts differ.
    PromptPair(
      clean: [1, 2, 3, 4], corrupted: [1, 2, 3, 5], answers: [], wrongAnswers: [],
      positions: [1, 3]),
    PromptPair(clean: [7, 8], corrupted: [7, 8], answers: [], wrongAnswers: []),
    PromptPair(clean: [9], corrupted: [6], answers: [], wrongAnswers: []),
  ]

  @Test func `shared starts end before what differs or is measured`() {
    let batch = PairBatch(pairs, sharesStarts: true)
    #expect(batch.clean.cachedCounts == [3, 1, 1, 0])
    #expect(batch.clean.tokens == [4, 2, 3, 4, 8, 9])
    #expect(batch.corrupted.tokens == [5, 2, 3, 5, 8, 6])
    #expect(batch.clean.starts == [0, 1, 4, 5, 6])
    #expect(batch.clean.positions == [3, 1, 2, 3, 1, 0])
    #expect(batch.clean.rows == [0, 1, 3, 4, 5])
  }

  @Test func `whole prompts share nothing`() {
    let batch = PairBatch(pairs)
    #expect(batch.clean.cachedCounts == [0, 0, 0, 0])
    #expect(batch.clean.rows == [3, 5, 7, 9, 10])
  }
}
