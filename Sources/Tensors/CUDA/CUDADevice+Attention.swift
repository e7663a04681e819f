// The card's rows of Backend: attention.

extension CUDADevice {
  func attend(_ z: Address, _ inputs: AttentionOperands, _ attention: PromptAttention) {
    let jobs = Int(attention.queryStarts.last ?? 0) * attention.headCount
    unsafe launchRows("ek_attention", jobs, inputs, attention) { operands in
      [.address(z)] + operands
    }
  }

  func attendBackward(
    _ dq: Address, _ dk: Address, _ dv: Address, _ dz: Address, _ inputs: AttentionOperands,
    _ attention: PromptAttention, _ rule: PatternRule, _ slope: Activation.Slope
  ) {
    let rule = rule.argument(slope)
    let queries = Int(attention.queryStarts.last ?? 0) * attention.headCount
    let keys = Int(attention.starts.last ?? 0) * attention.headCount
    // What a query's gradient leaves for those of its keys.
    let statistics = unsafe allocate(byteCount: 12 * queries)
    defer { unsafe deallocate(statistics) }
    unsafe launchRows("ek_attention_backward_queries", queries, inputs, attention) { operands in
      unsafe [.address(dq), .memory(statistics), .address(dz), rule] + operands
    }
    unsafe launchRows("ek_attention_backward_keys", keys, inputs, attention) { operands in
      unsafe [.address(dk), .address(dv), .memory(statistics), .address(dz), rule] + operands
    }
  }

  /// A block for each job, with two numbers for each key or query of the longest prompt: in shared memory, or, where
  /// they do not fit, in memory that fewer blocks have.
  @unsafe private func launchRows(
    _ kernel: String, _ jobs: Int, _ inputs: AttentionOperands, _ attention: PromptAttention,
    _ arguments: ([KernelArgument]) -> [KernelArgument]
  ) {
    let longest = attention.longest
    let floats = 2 * longest
    let fits = 4 * floats <= dynamicSharedMemory
    let blocks = fits ? min(jobs, 1 << 20) : min(jobs, fillingBlocks)
    let spill = fits ? nil : unsafe allocate(byteCount: 4 * floats * blocks)
    defer { if let spill = unsafe spill { unsafe deallocate(spill) } }
    let shape = [
      attention.starts.count - 1, attention.headCount, attention.keyValueHeadCount, inputs.width,
      attention.isCausal ? 1 : 0, longest, attention.window ?? 0,
    ]
    let operands: [KernelArgument] = unsafe [
      .address(inputs.q), .address(inputs.k), .address(inputs.v),
      .int32s(attention.queryStarts + attention.keyStarts + attention.starts),
      .record(
        shape.map { UInt64($0) }
          + [attention.scale, attention.cap ?? 0].map { Double($0).bitPattern }), .memory(spill),
    ]
    // A thread has a key, and an element of a head: more would have nothing to do.
    let threads = min(max((max(longest, inputs.width) + 31) / 32 * 32, 32), Self.threads)
    unsafe launch(
      kernel, .blocks(blocks, threads: threads, sharedFloats: fits ? floats : 0),
      arguments(operands))
  }
}

extension PatternRule {
  /// As in the kernels' source.
  fileprivate func argument(_ slope: Activation.Slope) -> KernelArgument {
    let kind: UInt64 =
      switch self {
      case .exact: 0
      case .constant: 1
      case .softened: 2
      case .relevance: 3
      }
    return .record([kind, slope == .secant ? 1 : 0, Double(temperature).bitPattern])
  }
}

extension PromptAttention {
  /// The keys of the prompt that has most of them.
  fileprivate var longest: Int {
    zip(keyStarts, keyStarts.dropFirst()).map { Int($1 - $0) }.max() ?? 0
  }
}
