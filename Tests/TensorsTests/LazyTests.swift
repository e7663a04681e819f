import Dispatch
import Synchronization
import Tensors
import Testing

@Suite struct LazyTests {
  @Test func `a lazy value is made at its first use and once`() {
    let count = Atomic(0)
    let lazy = Lazy { count.add(1, ordering: .relaxed).newValue }
    #expect(count.load(ordering: .relaxed) == 0)
    let copy = lazy
    DispatchQueue.concurrentPerform(iterations: 8) { _ in #expect(copy.value == 1) }
    #expect(lazy.value == 1 && count.load(ordering: .relaxed) == 1)
  }
}
