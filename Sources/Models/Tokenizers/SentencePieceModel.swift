import Files
import Foundation
import Graphs

/// What a file of SentencePiece says: its pieces, how they are put together, and how texts are brought into shape.
///
/// The numbers of fields are those of SentencePiece's `sentencepiece_model.proto`, as are the values of what is absent.
struct SentencePieceModel {
  /// What a piece is.
  enum Kind: UInt64 {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  /// A token.
  struct Piece {
    var text = ""
    var score: Float = 0
    var kind = Kind.normal
  }

  /// What every file starts with: the field of a piece.
  private static let firstByte: UInt8 = 0x0A

  let file: String
  private(set) var pieces: [Piece] = []
  /// Tokens by their texts.
  private(set) var vocabulary = Vocabulary()
  /// Whether pieces are merged by their scores; else those are logarithms of probabilities.
  var isMerged: Bool { method == 2 }
  /// Whether what is unknown is spelt in bytes.
  private(set) var hasBytes = false
  /// Whether a space is put before a text.
  private(set) var addsPrefix = true
  /// Whether spaces around a text, and all but one of several, are left out.
  private(set) var squeezesSpaces = true
  private var method: UInt64 = 1
  private var startNumber = 1
  private var isSuffixed = false
  private var hasMarks = true
  private var mapping = (name: "", byteCount: 0)

  /// Reads a file.
  ///
  /// - Throws: `CheckpointError` for a file that is none of SentencePiece's, or asks for what is not done here.
  init(_ url: URL) throws(CheckpointError) {
    file = url.path
    let bytes = Array(try TensorFile.map(url))
    guard bytes.first ?? Self.firstByte == Self.firstByte else {
      throw fault(
        """
        this is not SentencePiece's model, though tiktoken's file has the same name; load the tokenizer with transformers \
        and save its tokenizer.json here
        """)
    }
    var reader = ProtobufReader(file: file, what: "SentencePiece's model", bytes: bytes[...])
    var seen: Set<Int> = []
    while let field = try reader.next() {
      seen.insert(field.number)
      switch field.number {
      case 1: pieces.append(try piece(reader.message(field, "piece \(pieces.count)")))
      case 2: try readTraining(reader.message(field, "the trainer's settings"))
      case 3: try readNormalizer(reader.message(field, "the normalizer's settings"))
      default: break
      }
    }
    guard seen.isSuperset(of: [1, 2, 3]) else {
      throw fault(
        """
        SentencePiece's model should have pieces and the settings of its trainer and normalizer: this is another file, or \
        it was not downloaded whole
        """)
    }
    try check()
    try listTexts()
  }

  /// The token that stands before every text, where there is one.
  var start: Int32? {
    pieces.indices.contains(startNumber) && pieces[startNumber].kind == .control
      ? Int32(startNumber) : nil
  }

  /// The tokens of a kind.
  func tokens(_ kind: Kind) -> [(token: Int32, text: String)] {
    zip(Int32(0)..., pieces).compactMap { $1.kind == kind ? ($0, $1.text) : nil }
  }

  private func piece(_ reader: ProtobufReader) throws(CheckpointError) -> Piece {
    var (reader, piece) = (reader, Piece())
    while let field = try reader.next() {
      switch field.number {
      case 1: piece.text = try reader.text(field)
      case 2: piece.score = try reader.float(field)
      case 3:
        let number = try reader.integer(field)
        guard let kind = Kind(rawValue: number) else {
          throw fault("piece \(pieces.count) is of the kind \(number), which SentencePiece lacks")
        }
        piece.kind = kind
      default: break
      }
    }
    return piece
  }

  private mutating func readTraining(_ reader: ProtobufReader) throws(CheckpointError) {
    var reader = reader
    while let field = try reader.next() {
      switch field.number {
      case 3: method = try reader.integer(field)
      case 24: isSuffixed = try reader.integer(field) != 0
      case 35: hasBytes = try reader.integer(field) != 0
      case 41: startNumber = Int(Int64(bitPattern: try reader.integer(field)))
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ reader: ProtobufReader) throws(CheckpointError) {
    var reader = reader
    while let field = try reader.next() {
      switch field.number {
      case 1: mapping.name = try reader.text(field)
      case 2: mapping.byteCount = try reader.bytes(field).count
      case 3: addsPrefix = try reader.integer(field) != 0
      case 4: squeezesSpaces = try reader.integer(field) != 0
      case 5: hasMarks = try reader.integer(field) != 0
      default: break
      }
    }
  }

  // Checks --------------------------------------------------------------------------------------

  private func check() throws(CheckpointError) {
    guard method == 1 || method == 2 else {
      let name = [3: "words", 4: "characters"][method] ?? "the kind \(method)"
      throw unsupported("a tokenizer of SentencePiece of \(name), only unigrams and BPE,")
    }
    guard mapping.byteCount == 0 else {
      throw unsupported(
        "SentencePiece's normalization \"\(mapping.name.shortened)\", only identity,")
    }
    guard !isSuffixed, hasMarks else {
      throw unsupported(
        "a tokenizer of SentencePiece with \(isSuffixed ? "spaces after words" : "spaces as they are")"
      )
    }
    if let piece = tokens(.unused).first {
      throw unsupported("the unused piece \"\(piece.text.shortened)\" of SentencePiece's model")
    }
    guard tokens(.unknown).count == 1 else {
      throw fault("SentencePiece's model should have one piece for what is unknown")
    }
    guard !hasBytes || tokens(.byte).count == 256 else {
      throw fault("SentencePiece's model should have a piece for each of 256 bytes")
    }
  }

  /// Finds the token of each text.
  private mutating func listTexts() throws(CheckpointError) {
    vocabulary = Vocabulary(capacity: pieces.count)
    for (token, piece) in zip(Int32(0)..., pieces) {
      guard !piece.text.isEmpty, vocabulary[piece.text] == nil else {
        throw fault("piece \(token), \"\(piece.text.shortened)\", should be a text, and no other's")
      }
      guard piece.score.isFinite else {
        throw fault("the score of piece \(token) should be a finite number, found \(piece.score)")
      }
      vocabulary[piece.text] = token
    }
  }

  private func fault(_ sentence: String) -> CheckpointError {
    CheckpointError(file, .malformed(sentence))
  }

  private func unsupported(_ what: String) -> CheckpointError {
    CheckpointError(file, .unsupported(what))
  }
}
