/// Undoes the compression of the deflate format (RFC 1951).
struct Inflater {
  let limit: Int
  var output: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  mutating func run(_ bits: inout Bits) throws(Gzip.Problem) {
    var isLast = false
    while !isLast {
      isLast = try bits.take(1) == 1
      switch try bits.take(2) {
      case 0: try copyStored(&bits)
      case 1: try expand(&bits, Self.fixedLetters, Self.fixedDistances)
      case 2:
        let (letters, distances) = try codes(&bits)
        try expand(&bits, letters, distances)
      default: throw Gzip.Problem(what: "a block is of no known kind")
      }
    }
  }

  private mutating func append(_ byte: UInt8) throws(Gzip.Problem) {
    guard output.count < limit else {
      throw Gzip.Problem(what: "it holds more than \(limit) bytes")
    }
    output.append(byte)
  }

  private mutating func copyStored(_ bits: inout Bits) throws(Gzip.Problem) {
    bits.align()
    let (count, check) = (try bits.take(16), try bits.take(16))
    guard count == ~check & 0xFFFF else { throw Gzip.Problem(what: "a block's length is wrong") }
    for _ in 0..<count { try append(UInt8(try bits.take(8))) }
  }

  private mutating func expand(
    _ bits: inout Bits, _ letters: PrefixCode, _ distances: PrefixCode
  ) throws(Gzip.Problem) {
    while true {
      let symbol = try letters.next(&bits)
      if symbol < 256 {
        try append(UInt8(symbol))
        continue
      }
      guard symbol != 256 else { return }
      guard symbol - 257 < Self.lengths.count else {
        throw Gzip.Problem(what: "a length is unknown")
      }
      let length = Self.lengths[symbol - 257] + Int(try bits.take(Self.lengthBits[symbol - 257]))
      let place = try distances.next(&bits)
      guard place < Self.distances.count else { throw Gzip.Problem(what: "a distance is unknown") }
      let distance = Self.distances[place] + Int(try bits.take(max(place / 2 - 1, 0)))
      guard distance <= output.count else {
        throw Gzip.Problem(what: "it refers to what lies before its start")
      }
      for _ in 0..<length { try append(output[output.count - distance]) }
    }
  }

  /// The codes that a block brings, which are written in a code of their own.
  private func codes(
    _ bits: inout Bits
  ) throws(Gzip.Problem) -> (letters: PrefixCode, distances: PrefixCode) {
    let letters = Int(try bits.take(5)) + 257
    let distances = Int(try bits.take(5)) + 1
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var own = [Int](repeating: 0, count: 19)
    for place in order.prefix(Int(try bits.take(4)) + 4) { own[place] = Int(try bits.take(3)) }
    let code = PrefixCode(own)
    var widths: [Int] = []
    while widths.count < letters + distances {
      switch try code.next(&bits) {
      case 16:
        guard let last = widths.last else { throw Gzip.Problem(what: "nothing is repeated") }
        widths += [Int](repeating: last, count: 3 + Int(try bits.take(2)))
      case 17: widths += [Int](repeating: 0, count: 3 + Int(try bits.take(3)))
      case 18: widths += [Int](repeating: 0, count: 11 + Int(try bits.take(7)))
      case let width: widths.append(width)
      }
    }
    guard widths.count == letters + distances else {
      throw Gzip.Problem(what: "a code has too many letters")
    }
    return (PrefixCode(Array(widths[..<letters])), PrefixCode(Array(widths[letters...])))
  }

  private static let fixedLetters = PrefixCode(
    [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112)
      + [Int](repeating: 7, count: 24) + [Int](repeating: 8, count: 8))
  private static let fixedDistances = PrefixCode([Int](repeating: 5, count: 30))
  private static let lengths = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
  ]
  private static let lengthBits = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distances = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
    3073, 4097, 6145, 8193, 12289, 16385, 24577,
  ]
}

/// A code in which no symbol's bits start with those of another: symbols by width, and of one width in order.
struct PrefixCode {
  private var counts = [Int](repeating: 0, count: 16)
  private var symbols: [Int]

  /// - Parameter widths: How many bits each symbol takes, 0 for symbols that do not occur.
  init(_ widths: [Int]) {
    for width in widths { counts[width] += 1 }
    counts[0] = 0
    symbols = widths.indices.filter { widths[$0] > 0 }.sorted {
      (widths[$0], $0) < (widths[$1], $1)
    }
  }

  /// The symbol that comes next.
  func next(_ bits: inout Bits) throws(Gzip.Problem) -> Int {
    var (code, first, index) = (0, 0, 0)
    for width in 1...15 {
      code |= Int(try bits.take(1))
      let count = counts[width]
      if code - first < count, symbols.indices.contains(index + code - first) {
        return symbols[index + code - first]
      }
      (index, first) = (index + count, first + count)
      (first, code) = (first << 1, code << 1)
    }
    throw Gzip.Problem(what: "a symbol is unknown")
  }
}
