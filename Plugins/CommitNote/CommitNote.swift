import Foundation
import PackagePlugin

/// Notes the commit that the command is built from, which `--version` tells; none outside of git.
@main struct CommitNote: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) -> [Command] {
    let folder = context.pluginWorkDirectoryURL.appending(path: "generated")
    let script = context.package.directoryURL.appending(path: "Scripts/commit.sh")
    return [
      .prebuildCommand(
        displayName: "Noting the commit", executable: URL(filePath: "/bin/sh"),
        arguments: [script.path, folder.path], outputFilesDirectory: folder)
    ]
  }
}
