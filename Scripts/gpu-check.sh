#!/bin/sh
# Holds an NVIDIA card to the processor and times it, on a machine that needs no Swift: only the archive that
# Scripts/static.sh makes elsewhere, NVIDIA's driver, and NVRTC and cuBLAS of CUDA 12 or 13 (or PyPI's wheels of them).
# Usage: Scripts/gpu-check.sh ARCHIVE [--device cuda:1] [--without-speed]
set -eu
archive=${1:?"Usage: Scripts/gpu-check.sh ARCHIVE [--device cuda:1] [--without-speed]"}
shift
root=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
tar -C "$place" -xJf "$archive"
# oneDNN, beside the programs, is asked for by libraries that know of no place but the system's.
export LD_LIBRARY_PATH="$place/edgewise${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
"$place/edgewise/edgewise-gpu-check" --checkpoints "$root/Tests/Fixtures" "$@"
