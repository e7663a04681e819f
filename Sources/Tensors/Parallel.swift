internal import CKernels
internal import Synchronization

/// Settings of the process, for programs; a library that uses Edgewise leaves them alone.
///
/// No setting changes a result: work is split into ranges that do not depend on the threads.
public enum ProcessSettings {
  /// Limits the threads that one loop or matrix product may use.
  ///
  /// - Parameter limit: At least 1, or 0 for one thread for each processor.
  public static func limitThreads(to limit: Int) { ek_set_thread_limit(Int32(clamping: limit)) }

  /// How many threads loops and matrix products use.
  public static var threadCount: Int { Int(ek_thread_count()) }

  /// Makes freed memory stay with the process, which saves the page faults of large tensors.
  ///
  /// Without it, the C library of Linux gives each large block back to the system after each use.
  public static func keepFreedMemory() { ek_keep_freed_memory() }

  /// The most bytes of memory that the process has held so far.
  public static var peakMemory: Int { Int(ek_peak_memory()) }

  /// How many columns the terminal has that stdout goes to; nil where it goes elsewhere.
  public static var terminalWidth: Int? {
    let width = Int(ek_terminal_width())
    return width > 0 ? width : nil
  }
}

/// Runs `body` for every index below `count`, on several threads, in any order.
///
/// A loop inside of a loop of several iterations runs on its caller's thread, so work is never split twice.
package func parallelFor(_ count: Int, _ body: @Sendable (Int) -> Void) {
  withoutActuallyEscaping(body) { body in
    var body = body
    unsafe withUnsafeMutablePointer(to: &body) { pointer in
      unsafe ek_parallel(
        Int64(count),
        { context, index in
          guard let context = unsafe context else { return }
          unsafe context.assumingMemoryBound(to: (@Sendable (Int) -> Void).self).pointee(Int(index))
        }, pointer)
    }
  }
}

/// Adds up the tensors that `term` makes for every index below `count`, in Float64 and in order.
package func orderedSum(
  _ count: Int, on device: Device, into sums: inout Sums, of term: @Sendable (Int) -> Tensor
) {
  orderedTerms(count, on: device, of: term) { sums.add($1) }
}

/// Hands out what `term` makes for every index below `count`, in order.
///
/// Terms are made in parallel, as many at a time as the device has callers, and handed out in the order of
/// their indices on the caller's thread, so what becomes of them does not depend on the threads.
package func orderedTerms<Term: Sendable>(
  _ count: Int, on device: Device, of term: @Sendable (Int) -> Term, take: (Int, Term) -> Void
) {
  let wave = device.callerCount
  for first in stride(from: 0, to: count, by: wave) {
    let size = min(wave, count - first)
    let terms = Mutex([Term?](repeating: nil, count: size))
    parallelFor(size) { index in
      let made = term(first + index)
      terms.withLock { $0[index] = made }
    }
    for (index, term) in terms.withLock({ $0 }).enumerated() {
      if let term { take(first + index, term) }
    }
  }
}
