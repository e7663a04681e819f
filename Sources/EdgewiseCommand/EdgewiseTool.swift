import ArgumentParser
import Edgewise
import Foundation

@main
struct EdgewiseTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edgewise",
    abstract: "Find the circuit inside a transformer, edge by edge.",
    discussion: """
      edgewise discover                        a tiny model that is part of the package, offline
      edgewise fetch smollm2-135m              a real model of 98 MB
      edgewise discover smollm2-135m --task ioi --output runs/ioi
      edgewise evaluate runs/ioi               what the circuit does on prompts it has not seen
      """,
    version: edgewiseVersion + (builtCommit.map { " (\($0))" } ?? ""),
    subcommands: [
      Discover.self, Select.self, Evaluate.self, Verify.self, RobustnessCommand.self,
      AblateCommand.self,
      ConstantsCommand.self, Compare.self, Diff.self, ExportCommand.self, Inspect.self,
      Prompts.self, MethodList.self,
      Tasks.self,
      Models.self,
      Fetch.self,
    ])

  /// Has the process end with an error when something that it printed could not be written.
  private static func refuseLostOutput() {
    // A reader that has seen enough, such as head, ends nothing: a run still writes its files.
    signal(SIGPIPE, SIG_IGN)
    atexit {
      guard fflush(nil) != 0 else { return }
      guard errno != EPIPE else { _exit(128 + SIGPIPE) }
      note(
        "Error: not all could be printed: \(errno == ENOSPC ? "the disk is full" : "the output cannot be written to")."
      )
      _exit(1)
    }
  }

  /// Runs the command; a misspelt subcommand is answered with those most like it.
  static func main() {
    let names = configuration.subcommands.map { command in
      command.configuration.commandName ?? "\(command)".lowercased()
    }
    if let first = CommandLine.arguments.dropFirst().first, !first.hasPrefix("-"),
      !(names + ["help"]).contains(first)
    {
      exit(withError: ValidationError(names.sentence(kind: "subcommand", missing: first)))
    }
    refuseLostOutput()
    main(nil)
  }
}
