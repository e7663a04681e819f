#!/bin/sh
# Builds the programs for machines without Swift: its runtime linked in, the other libraries beside them, in one archive.
# Usage: Scripts/static.sh [ARCHIVE]
set -eu
cd "$(dirname "$0")/.."
archive=${1:-edgewise-linux-$(uname -m).tar.xz}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir "$place/edgewise"
for program in edgewise edgewise-gpu-check; do
  # The old kind of search path, which the libraries that curl brings along use for their own, too.
  swift build -c release --static-swift-stdlib --product "$program" -Xlinker -rpath -Xlinker '$ORIGIN' \
    -Xlinker --disable-new-dtags
  built=$(swift build -c release --show-bin-path)/$program
  strip -o "$place/edgewise/$program" "$built"
  # The C library is the machine's own; what is taken along is found beside the program.
  ldd "$built" | awk '$3 ~ /^\// { print $3 }' | grep -Ev '/(libc|libm|libdl|libpthread|librt|ld-linux[^/]*)\.so' |
    while read -r library; do cp -L "$library" "$place/edgewise/"; done
done
tar -C "$place" -cJf "$archive" edgewise
echo "$archive: $(du -h "$archive" | cut -f1)"
