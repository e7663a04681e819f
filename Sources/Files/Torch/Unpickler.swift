import Foundation
import Graphs

/// Reads Python's pickle format, protocols 2 to 5, as far as plain data and tensors use it.
struct Unpickler {
  /// Every box that was made, so that they can be emptied one by one: released from the outermost one
  /// on, deeply nested ones would exhaust the stack.
  private var boxes: [PickleValue.Box] = []
  private var reader: ByteReader
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  /// The classes and functions that may be called; nil for any.
  private let calls: Set<String>?

  /// Reads a pickle and hands its value to `body`, which must not keep it.
  ///
  /// - Parameters:
  ///   - data: The pickle.
  ///   - file: What errors call it.
  ///   - calls: The classes and functions that it may call; nil for any, since none is called.
  ///   - body: Is handed the value.
  /// - Returns: What `body` makes of it.
  /// - Throws: ``CheckpointError`` for data that ends early, breaks the format or calls something else, and what `body`
  ///   throws.
  static func read<Result>(
    _ data: Data, file: String, calls: Set<String>? = nil, _ body: (PickleValue) throws -> Result
  ) throws -> Result {
    var unpickler = Unpickler(reader: ByteReader(file: file, data: data), calls: calls)
    defer {
      for box in unpickler.boxes {
        box.items = []
        box.fields = [:]
        box.arguments = []
        box.state = nil
      }
    }
    while true {
      let code: UInt8 = try unpickler.reader.integer("the pickle")
      if code == UInt8(ascii: ".") { return try body(try unpickler.pop()) }
      try unpickler.step(code)
    }
  }

  private mutating func box(
    _ items: [PickleValue] = [], callable: String = "", arguments: [PickleValue] = []
  ) -> PickleValue.Box {
    let box = PickleValue.Box(items, callable: callable, arguments: arguments)
    boxes.append(box)
    return box
  }

  private init(reader: ByteReader, calls: Set<String>?) {
    (self.reader, self.calls) = (reader, calls)
  }

  private func malformed(_ what: String) -> CheckpointError {
    CheckpointError(reader.file, .malformed("the pickle \(what)"))
  }

  private mutating func pop() throws(CheckpointError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw malformed("takes a value that is not there")
    }
    return value
  }

  private mutating func popToMark() throws(CheckpointError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw malformed("lacks a mark") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func step(_ code: UInt8) throws(CheckpointError) {
    if try pushConstant(code) { return }
    if try remember(code) { return }
    if try collect(code) { return }
    if try construct(code) { return }
    throw CheckpointError(
      reader.file, .unsupported("the pickle operation \(String(code, radix: 16))"))
  }

  /// Numbers and texts.
  private mutating func pushConstant(_ code: UInt8) throws(CheckpointError) -> Bool {
    let what = "a value of the pickle"
    switch code {
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try reader.integer(what) as UInt8)))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try reader.integer(what) as UInt16)))
    case UInt8(ascii: "J"): stack.append(.integer(Int(try reader.integer(what) as Int32)))
    case 0x8A: stack.append(.integer(try long(Int(try reader.integer(what) as UInt8))))
    case UInt8(ascii: "G"):
      // The one big-endian number of the format.
      let bits: UInt64 = try reader.integer(what)
      stack.append(.number(Double(bitPattern: bits.byteSwapped)))
    case 0x8C, UInt8(ascii: "U"), UInt8(ascii: "C"):
      stack.append(try text(Int(try reader.integer(what) as UInt8)))
    case UInt8(ascii: "X"), UInt8(ascii: "T"), UInt8(ascii: "B"):
      stack.append(try text(Int(try reader.integer(what) as UInt32)))
    case 0x8D, 0x8E: stack.append(try text(Int(clamping: try reader.integer(what) as UInt64)))
    default: return false
    }
    return true
  }

  private mutating func long(_ count: Int) throws(CheckpointError) -> Int {
    let bytes = try reader.bytes(count, of: "a number of the pickle")
    guard count <= 8 else {
      throw CheckpointError(reader.file, .unsupported("a number of \(count) bytes"))
    }
    let sign: UInt64 = (bytes.last ?? 0) < 0x80 ? 0 : .max
    return Int(truncatingIfNeeded: bytes.reversed().reduce(sign) { $0 << 8 | UInt64($1) })
  }

  private mutating func text(_ count: Int) throws(CheckpointError) -> PickleValue {
    .text(String(decoding: try reader.bytes(count, of: "a text of the pickle"), as: UTF8.self))
  }

  /// Marks and the memo.
  private mutating func remember(_ code: UInt8) throws(CheckpointError) -> Bool {
    let what = "the memo of the pickle"
    switch code {
    case 0x80: _ = try reader.bytes(1, of: "the protocol")
    case 0x95: _ = try reader.bytes(8, of: "a frame")
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "q"): memo[Int(try reader.integer(what) as UInt8)] = stack.last
    case UInt8(ascii: "r"): memo[Int(try reader.integer(what) as UInt32)] = stack.last
    case 0x94: memo[memo.count] = stack.last
    case UInt8(ascii: "h"): try recall(Int(try reader.integer(what) as UInt8))
    case UInt8(ascii: "j"): try recall(Int(try reader.integer(what) as UInt32))
    default: return false
    }
    return true
  }

  private mutating func recall(_ index: Int) throws(CheckpointError) {
    guard let value = memo[index] else { throw malformed("refers to what it does not hold") }
    stack.append(value)
  }

  /// Tuples, lists, sets and dictionaries.
  private mutating func collect(_ code: UInt8) throws(CheckpointError) -> Bool {
    switch code {
    case UInt8(ascii: ")"):
      let empty = box()
      stack.append(.tuple(empty))
    case UInt8(ascii: "t"):
      let items = try popToMark()
      let tuple = box(items)
      stack.append(.tuple(tuple))
    case 0x85, 0x86, 0x87:
      var items: [PickleValue] = []
      for _ in 0x85...code { items.insert(try pop(), at: 0) }
      let tuple = box(items)
      stack.append(.tuple(tuple))
    case UInt8(ascii: "]"), 0x8F:
      let empty = box()
      stack.append(.list(empty))
    case UInt8(ascii: "}"):
      let empty = box()
      stack.append(.dictionary(empty))
    case UInt8(ascii: "a"):
      let item = try pop()
      try append([item])
    case UInt8(ascii: "e"), 0x90, UInt8(ascii: "u"):
      let items = try popToMark()
      try append(items)
    case UInt8(ascii: "s"):
      let (value, key) = (try pop(), try pop())
      try append([key, value])
    default: return false
    }
    return true
  }

  private func append(_ items: [PickleValue]) throws(CheckpointError) {
    switch stack.last {
    case .list(let box), .dictionary(let box), .object(let box): box.items += items
    default: throw malformed("adds to something that is not a collection")
    }
  }

  /// Classes, functions and what they would make.
  private mutating func construct(_ code: UInt8) throws(CheckpointError) -> Bool {
    switch code {
    case UInt8(ascii: "c"): stack.append(.global(try line() + "." + (try line())))
    case 0x93:
      let (name, module) = (try pop().text, try pop().text)
      guard let name, let module else { throw malformed("names a class without a text") }
      stack.append(.global(module + "." + name))
    case UInt8(ascii: "R"), 0x81:
      let (arguments, callable) = (try pop().items, try pop())
      guard let arguments, case .global(let name) = callable else {
        throw malformed("calls something that is neither a class nor a function")
      }
      guard calls?.contains(name) ?? true else {
        throw CheckpointError(
          reader.file,
          .malformed(
            """
            loading this file with Python would call \(name.shortened), which weights have no need of, so it is not \
            trusted; get the model as safetensors, or from someone else
            """))
      }
      let object = box(callable: name, arguments: arguments)
      stack.append(.object(object))
    case UInt8(ascii: "b"):
      let state = try pop()
      if case .object(let object) = stack.last { object.state = state }
    case UInt8(ascii: "Q"):
      guard let items = try pop().items else { throw malformed("refers to nothing outside") }
      let outside = box(items)
      stack.append(.persistent(outside))
    default: return false
    }
    return true
  }

  private mutating func line() throws(CheckpointError) -> String {
    var bytes: [UInt8] = []
    while true {
      let byte: UInt8 = try reader.integer("a name of the pickle")
      guard byte != UInt8(ascii: "\n") else { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
  }
}
