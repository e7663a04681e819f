/// The printable characters that GPT-2's files write for bytes.
enum ByteAlphabet {
  /// The character of each byte: itself when printable, else the next one from U+0100 on.
  static let characters: [Character] = {
    let printable = Array(33...126) + Array(161...172) + Array(174...255)
    var next: UInt32 = 256
    return (0..<256).map { byte in
      if printable.contains(byte) { return Character(Unicode.Scalar(UInt8(byte))) }
      defer { next += 1 }
      return Unicode.Scalar(next).map(Character.init) ?? " "
    }
  }()

  /// The byte of each character, by its number; nil for other ones.
  private static let bytes: [UInt8?] = {
    var table = [UInt8?](repeating: nil, count: 512)
    for (byte, character) in characters.enumerated() {
      for scalar in character.unicodeScalars { table[Int(scalar.value)] = UInt8(byte) }
    }
    return table
  }()

  /// Bytes as text of this alphabet.
  static func spell(_ bytes: some Sequence<UInt8>) -> String {
    String(bytes.map { characters[Int($0)] })
  }

  /// The bytes that a text of this alphabet stands for; nil when it holds other characters.
  static func bytes(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard scalar.value < bytes.count, let byte = bytes[Int(scalar.value)] else { return nil }
      result.append(byte)
    }
    return result
  }
}
