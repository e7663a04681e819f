import Files
import Foundation
import Testing

@Suite struct JSONReaderTests {
  private func read(_ text: String) throws -> FieldValue { try FieldValue(json: Data(text.utf8)) }

  @Test func `values of every kind`() throws {
    let text =
      #" {"a": [1, -2.5, 1e3, 1e400, 36893488147419103232], "b": {"c": null}, "d": true, "e": "x"} "#
    #expect(
      try read(text)
        == .object([
          "a": .list([
            .integer(1), .number(-2.5), .integer(1000), .number(.infinity),
            .number(0x1p65),
          ]), "b": .object(["c": .null]), "d": .flag(true), "e": .text("x"),
        ]))
    #expect(try read("[]") == .list([]))
    #expect(try read("{}") == .object([:]))
    #expect(try read("\"\"") == .text(""))
    #expect(try read("[Infinity, -Infinity]") == .list([.number(.infinity), .number(-.infinity)]))
    guard case .number(let number) = try read("NaN") else { throw CocoaError(.coderInvalidValue) }
    #expect(number.isNaN)
    #expect(try read("{\"a\": 1, \"a\": 2}") == .object(["a": .integer(2)]))
    #expect(try read("\u{FEFF}[1]") == .list([.integer(1)]))
  }

  /// The same text as Foundation reads it.
  @Test(arguments: [
    #""a\nb\t\"\\\/\b\f\r""#, #""\u00e9\u20AC\ud83d\ude00""#, #""é€😀""#,
  ]) func `texts are those of Foundation`(text: String) throws {
    let expected = try JSONDecoder().decode([String].self, from: Data("[\(text)]".utf8))
    #expect(try read(text) == .text(expected[0]))
  }

  @Test func `half of a pair becomes a replacement character`() throws {
    #expect(try read(#""\ud83dx\ude00""#) == .text("\u{FFFD}x\u{FFFD}"))
    #expect(try read(#""\ud83d\u0041""#) == .text("\u{FFFD}A"))
  }

  @Test(arguments: [
    "", "{", "[1,]", "[1 2]", "{\"a\" 1}", "{a: 1}", "\"a", "\"\\x\"", "\"\\u12\"", "01x", "tru",
    "+1",
    ".5e", "1 2", "[1]]", "\"a\nb\"", "--1", "0x10", "inf", "nan",
  ]) func `what is no JSON is refused`(text: String) {
    #expect(throws: JSONProblem.self, "\(text)") { try read(text) }
  }

  @Test func `bytes that are not UTF-8 are refused, not trapped on`() {
    for bytes: [UInt8] in [
      Array("{".utf8) + [0xFF] + Array("letters".utf8), [0x22, 0xC3, 0x22],
      [0x22, 0xED, 0xA0, 0x80, 0x22],
    ] {
      #expect(throws: JSONProblem.self) { try FieldValue(json: Data(bytes)) }
    }
  }

  @Test func `values that are nested too deeply are refused`() throws {
    let deep = { (count: Int) in
      String(repeating: "[", count: count) + String(repeating: "]", count: count)
    }
    _ = try read(deep(256))
    #expect(throws: JSONProblem.self) { try read(deep(257)) }
    #expect(throws: JSONProblem.self) { try read(String(repeating: "[", count: 1_000_000)) }
  }

  @Test func `a problem names its line`() {
    let problem = #expect(throws: JSONProblem.self) { try read("{\n\"a\": 1,\n\"b\" 2}") }
    #expect(problem?.description == "line 3: expected a colon")
  }
}
