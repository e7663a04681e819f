/// Reads the fields of a protocol buffer one after another, as its wire format has them.
///
/// See <https://protobuf.dev/programming-guides/encoding>. A message inside of another is a field's bytes.
package struct ProtobufReader {
  /// A field: its number in the message's definition, and what is there.
  package struct Field {
    package let number: Int
    fileprivate let value: Value
  }

  fileprivate enum Value {
    case integer(UInt64)
    case word(UInt32)
    case bytes(ArraySlice<UInt8>)
    /// Eight bytes, of which no field that is read consists.
    case longWord
  }

  private let file: String
  private let what: String
  private var rest: ArraySlice<UInt8>

  /// - Parameters:
  ///   - file: The file, for errors.
  ///   - what: What the message is, for errors: `a piece`.
  ///   - bytes: The message.
  package init(file: String, what: String, bytes: ArraySlice<UInt8>) {
    (self.file, self.what, rest) = (file, what, bytes)
  }

  /// The next field; nil at the message's end.
  package mutating func next() throws(CheckpointError) -> Field? {
    guard !rest.isEmpty else { return nil }
    let place = rest.startIndex
    let key = try varint()
    guard let number = Int(exactly: key >> 3), (1...(1 << 29)).contains(number) else {
      throw fault(
        "byte \(place) should start a field of \(what), and none has the number \(key >> 3)")
    }
    switch key & 7 {
    case 0: return Field(number: number, value: .integer(try varint()))
    case 1:
      _ = try bytes(8)
      return Field(number: number, value: .longWord)
    case 2: return Field(number: number, value: .bytes(try bytes(try varint())))
    case 5:
      let word = try bytes(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      return Field(number: number, value: .word(word))
    case let kind:
      throw fault("byte \(place) should start a field of \(what), and none is of the kind \(kind)")
    }
  }

  /// A field's whole number; a negative one as its 64 bits are.
  package func integer(_ field: Field) throws(CheckpointError) -> UInt64 {
    guard case .integer(let integer) = field.value else { throw wrong(field, "a whole number") }
    return integer
  }

  /// A field's Float32.
  package func float(_ field: Field) throws(CheckpointError) -> Float {
    guard case .word(let bits) = field.value else { throw wrong(field, "a number of four bytes") }
    return Float(bitPattern: bits)
  }

  /// A field's text.
  package func text(_ field: Field) throws(CheckpointError) -> String {
    guard case .bytes(let bytes) = field.value, let text = String(validating: bytes, as: UTF8.self)
    else { throw wrong(field, "text in UTF-8") }
    return text
  }

  /// A field's bytes, such as those of a message.
  package func bytes(_ field: Field) throws(CheckpointError) -> ArraySlice<UInt8> {
    guard case .bytes(let bytes) = field.value else { throw wrong(field, "a row of bytes") }
    return bytes
  }

  /// A field's message.
  package func message(_ field: Field, _ what: String) throws(CheckpointError) -> ProtobufReader {
    ProtobufReader(file: file, what: what, bytes: try bytes(field))
  }

  private func wrong(_ field: Field, _ expected: String) -> CheckpointError {
    fault("field \(field.number) of \(what) should be \(expected)")
  }

  private func fault(_ sentence: String) -> CheckpointError {
    CheckpointError(file, .malformed(sentence))
  }

  private mutating func bytes(_ count: some BinaryInteger) throws(CheckpointError) -> ArraySlice<
    UInt8
  > {
    guard count <= rest.count else {
      throw fault("\(what) ends inside of a field, as in a file that was not downloaded whole")
    }
    defer { rest = rest.dropFirst(Int(count)) }
    return rest.prefix(Int(count))
  }

  /// Seven bits a byte, the lowest first; the last byte has no eighth bit.
  private mutating func varint() throws(CheckpointError) -> UInt64 {
    var (number, shift) = (UInt64(0), UInt64(0))
    while true {
      guard let byte = try bytes(1).first, shift < 70 else {
        throw fault("a whole number of \(what) takes more than ten bytes")
      }
      number |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return number }
      shift += 7
    }
  }
}
