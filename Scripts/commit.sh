#!/bin/sh
# Writes Commit.swift into a folder: the commit of this checkout, or none where the package is not one.
set -eu

folder="$1"
cd "$(dirname "$0")/.."
commit=nil
# The package may lie inside of another repository, whose commit would say nothing.
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ] &&
  head="$(git rev-parse --short=9 HEAD 2>/dev/null)"; then
  commit="\"$head$(git diff --quiet HEAD -- Sources || echo ', changed')\""
fi
text="/// The commit that this was built from; nil outside of git.
let builtCommit: String? = $commit"
mkdir -p "$folder"
# The same text is not written again: nothing is compiled anew for it.
[ "$(cat "$folder/Commit.swift" 2>/dev/null)" = "$text" ] || printf '%s\n' "$text" >"$folder/Commit.swift"
