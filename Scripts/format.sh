#!/bin/sh
# Formats the Swift sources, then holds them to the strict lint. With --check it changes nothing.
set -eu
cd "$(dirname "$0")/.."

paths="Sources Tests Benchmarks Checks Fuzzing Examples Plugins Package.swift"
# shellcheck disable=SC2086 # a list of paths
[ "${1:-}" = --check ] || swift format --in-place --recursive $paths
# shellcheck disable=SC2086
swift format lint --strict --recursive $paths
