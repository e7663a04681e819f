import Foundation
import Hashing
import TestSupport
import Testing

@Suite struct FileHashTests {
  /// The examples of the standard, FIPS 180-4, and one that is longer than a piece of what is read at a time.
  @Test(arguments: [
    ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ("a", 3 << 20, "6f850bc94ae6f7de14297c01616c36d712d22864497b28a63b81d776b035e656"),
  ]) func `a file has the hash of the standard`(text: String, times: Int, hash: String) throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "file")
      try Data(String(repeating: text, count: times).utf8).write(to: file)
      #expect(try sha256(of: file) == hash)
    }
  }

  /// What `git hash-object` prints.
  @Test(arguments: [
    ("", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
    ("hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"),
  ]) func `a file has the name that git gives it`(text: String, name: String) {
    #expect(gitSHA1(of: Data(text.utf8)) == name)
  }

  @Test func `a file that is not there is an error`() {
    #expect(throws: (any Error).self) { try sha256(of: URL(filePath: "/odd/file")) }
  }
}
