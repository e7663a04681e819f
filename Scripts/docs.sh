#!/bin/sh
# Builds the documentation of all modules; a warning is an error.
set -eu
cd "$(dirname "$0")/.."

targets=""
for module in Edgewise Tensors Hashing Graphs Files Engine Models Tasks Methods Evaluation Reports Experiments; do
  targets="$targets --target $module"
done
# shellcheck disable=SC2086 # a list of arguments
swift package generate-documentation $targets \
  --enable-experimental-combined-documentation --warnings-as-errors
