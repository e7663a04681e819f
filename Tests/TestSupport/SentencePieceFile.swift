package import Foundation

/// Writes files of SentencePiece for tests, well-formed ones and others.
package struct SentencePieceFile {
  /// A message of a protocol buffer.
  package struct Message {
    package private(set) var data = Data()

    package init() {}

    package func integer(_ number: Int, _ value: UInt64) -> Message {
      adding(number, 0, Self.varint(value))
    }

    package func float(_ number: Int, _ value: Float) -> Message {
      adding(number, 5, Data((0..<4).map { UInt8(value.bitPattern >> (8 * $0) & 0xFF) }))
    }

    package func bytes(_ number: Int, _ value: some Sequence<UInt8>) -> Message {
      let value = Data(value)
      return adding(number, 2, Self.varint(UInt64(value.count)) + value)
    }

    package func adding(_ number: Int, _ kind: UInt64, _ rest: Data) -> Message {
      var message = self
      message.data += Self.varint(UInt64(number) << 3 | kind) + rest
      return message
    }

    private static func varint(_ value: UInt64) -> Data {
      var (rest, bytes) = (value, Data())
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      return bytes + [UInt8(rest)]
    }
  }

  package var pieces: [Message] = []
  /// Unigrams.
  package var training = Message().integer(3, 1)
  /// Identity, and no space before a text.
  package var normalizer = Message().integer(3, 0).integer(4, 0)
  package var more = Message()

  /// The three pieces that every file has, and others of a text, a score and a kind: 1 is normal.
  package init(_ pieces: [(text: String, score: Float, kind: UInt64)]) {
    let first: [(String, Float, UInt64)] = [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3)]
    self.pieces = (first + pieces).map(Self.piece)
  }

  package static func piece(_ text: String, _ score: Float, _ kind: UInt64) -> Message {
    Message().bytes(1, text.utf8).float(2, score).integer(3, kind)
  }

  package var data: Data {
    pieces.reduce(Message()) { $0.bytes(1, $1.data) }.bytes(2, training.data)
      .bytes(3, normalizer.data).data + more.data
  }
}
