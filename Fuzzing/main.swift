// Reads files that went wrong, until the time is over: `swift run -c release edgewise-fuzz [SECONDS] [SEED]`.
//
// A trap, an endless loop or an error that is no sentence ends it; the file then lies in the directory that was
// named at the start. The same seed reads the same files.

import Edgewise
import Foundation

let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
let seconds = Double(arguments.first ?? 60)
let seed = arguments.dropFirst().first ?? 0
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Tests/Fixtures")
let place = FileManager.default.temporaryDirectory.appending(path: "edgewise-fuzz-\(getpid())")

/// One clear sentence, or several.
func isSentence(_ text: String) -> Bool {
  (text.hasSuffix(".") || text.hasSuffix("?")) && !text.contains("Error Domain")
    && !text.contains("DecodingError")
    && text.utf8.count < 4000
}

// No file of these sizes needs more; what asks for it is refused by the system.
var limit = rlimit(rlim_cur: 8 << 30, rlim_max: 8 << 30)
unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)

let subjects = try Subject.all(fixtures)
let samples = try subjects.map { try Data(contentsOf: fixtures.appending(path: $0.sample)) }
var mutator = Mutator(seed: seed)
var outcomes = (read: 0, refused: 0)
print("seed \(seed), \(subjects.count) kinds of files, in \(place.path)")
fflush(nil)
let start = Date()
while Date().timeIntervalSince(start) < seconds {
  let (index, other) = (mutator.pick(below: subjects.count), mutator.pick(below: subjects.count))
  let subject = subjects[index]
  try? FileManager.default.removeItem(at: place)
  try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
  for name in subject.others {
    let url = fixtures.appending(path: name)
    try FileManager.default.copyItem(at: url, to: place.appending(path: url.lastPathComponent))
  }
  let file = place.appending(path: URL(filePath: subject.sample).lastPathComponent)
  try mutator.mutated(samples[index], other: samples[other]).write(to: file)
  // Who is not done in 20 seconds is ended by the signal.
  alarm(20)
  do {
    try subject.read(file)
    outcomes.read += 1
  } catch {
    guard isSentence("\(error)") else {
      print("\(file.path): this is no sentence: \(error)")
      exit(1)
    }
    outcomes.refused += 1
  }
  alarm(0)
}
try? FileManager.default.removeItem(at: place)
print("\(outcomes.read) files were read, \(outcomes.refused) refused with a sentence")
