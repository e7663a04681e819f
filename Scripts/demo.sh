#!/bin/sh
# Finds the circuit of indirect object identification in SmolLM2-135M, from nothing, and says where its report is.
set -eu
cd "$(dirname "$0")/.."

sh Scripts/dependencies.sh
swift build -c release --product edgewise
edgewise="$(swift build -c release --show-bin-path)/edgewise"
"$edgewise" fetch smollm2-135m
"$edgewise" discover smollm2-135m --task ioi --count 100 --seed 0 --method eap-ig:steps=10 \
  --output "runs/ioi-$(date +%Y%m%d-%H%M%S)" "$@"
