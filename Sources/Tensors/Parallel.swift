internal import CKernels

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
}

/// Runs `body` for every index below `count`, on several threads, in any order.
///
/// A loop inside of a loop runs on its caller's thread, so work is never split twice.
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
