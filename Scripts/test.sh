#!/bin/sh
# Runs every test, those of the real model too. Arguments go to `swift test`.
set -eu
cd "$(dirname "$0")/.."

sh Scripts/dependencies.sh
swift build -c release --build-tests
"$(swift build -c release --show-bin-path)/edgewise" fetch smollm2-135m
swift test -c release --skip-build --disable-xctest "$@"
