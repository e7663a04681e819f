#!/usr/bin/env bash
# Prints a hash of everything that commands compute, one `hash  label/file` a line: of scores, circuits and tables, not
# of the files that hold times. Two builds that compute the same print the same; what is meant to change scores shows
# where it does. `Scripts/hashes.sh [BINARY]`; without a binary, that of the release build.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
binary="${1:-$root/.build/release/edgewise}"
[ -x "$binary" ] || { echo "$binary: there is no such program; build it with swift build -c release" >&2; exit 1; }
binary="$(cd "$(dirname "$binary")" && pwd)/$(basename "$binary")"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# Relative paths only: some files name the arguments.
ln -s "$root/Tests/Fixtures" fixtures

# Pairs of several lengths, with one or several answers; ids below the smallest fixture's vocabulary.
cat > ids.jsonl <<'END'
{"clean": [3, 5, 9, 3], "corrupted": [4, 5, 9, 3], "answers": [5], "wrong_answers": [9]}
{"clean": [7, 11, 2, 30, 7, 11], "corrupted": [7, 12, 2, 30, 7, 12], "answers": [2, 8], "wrong_answers": [30]}
{"clean": [1, 2, 3, 4, 5, 6, 7, 8], "corrupted": [1, 2, 13, 4, 15, 6, 7, 8], "answers": [9], "wrong_answers": [10, 14]}
{"clean": [20, 21, 20], "corrupted": [20, 22, 20], "answers": [21], "wrong_answers": [22]}
{"clean": [33, 17, 40, 33, 18], "corrupted": [34, 17, 41, 34, 18], "answers": [40], "wrong_answers": [41]}
END

# What went wrong, with what the command said.
fail() {
  echo "$1 failed: edgewise ${*:2}" >&2
  cat errors >&2
  exit 1
}

# Prints the hashes of a label's files.
hashes() {
  local file
  for file in "$1"/scores.safetensors "$1"/circuit.json "$1"/*.csv "$1"/*.svg; do
    [ ! -e "$file" ] || printf '%s  %s\n' "$(sha256sum "$file" | cut -c 1-16)" "$file"
  done
}

# Runs a command and prints the hashes: `hash_of LABEL COMMAND ARGUMENT...`.
hash_of() {
  "$binary" "${@:2}" --output "$1" --quiet > output 2> errors || fail "$@"
  hashes "$1"
}

# Discovers a circuit from all pairs of a file, of 200 edges unless the method or an argument decides:
# `discover LABEL ARGUMENT...`.
discover() {
  local size=(--edges 200)
  case " ${*:2} " in
  *" --edges "* | *" --nodes "* | *" --threshold "* | *" --fraction "* | *" --keep "* | *" acdc"* | *" sp"*) size=() ;;
  esac
  hash_of "$1" discover --holdout 0 "${size[@]}" "${@:2}"
}

# Methods, on the bundled model.
discover eap --edges 40
discover clean-corrupted --method clean-corrupted --edges 40
for rule in left right midpoint; do discover "eap-ig-$rule" --method "eap-ig:rule=$rule:steps=3"; done
discover eap-ig-activations --method eap-ig-activations:steps=3 --count 20
discover exact --method exact --count 20
discover exact-among --method exact:among=eap --count 20
discover acdc --method acdc:tau=0.01 --count 20
discover acdc-several --method acdc:tau=0.001/0.01/0.1 --count 20
discover acdc-absolute --method acdc:tau=0.01:absolute --metric logit-difference --count 20
discover hisp --method hisp
discover hisp-edges --method hisp-edges
discover sp --method sp:steps=8 --count 20
discover sp-edges --method sp-edges:steps=8 --count 20 --seed 3

# Ablations, each where prompts differ in length and where a search is used.
for ablation in resample mean mean-clean mean-both positional-mean positional-mean-clean positional-mean-both zero; do
  discover "ablation-$ablation" fixtures/gpt2 --task ids.jsonl --ablation "$ablation" --method eap-ig --edges 30
done
discover ablation-zero-acdc --method acdc --ablation zero --count 20

# Families, compiled programs and planted circuits.
for family in gpt2 gpt_neox llama qwen2; do
  discover "$family-eap" "fixtures/$family" --task induction --count 20 --edges 30
  discover "$family-exact" "fixtures/$family" --task ids.jsonl --method exact --edges 30
  discover "$family-acdc" "fixtures/$family" --task ids.jsonl --method acdc:tau=0.001/0.1
done
for family in llama qwen2; do
  discover "$family-grouped" "fixtures/$family" --task ids.jsonl --group-key-values --edges 30
  discover "$family-grouped-sp" "fixtures/$family" --task ids.jsonl --group-key-values --method sp-edges:steps=5
done
discover tracr-hist fixtures/tracr/hist --method exact
discover tracr-reverse fixtures/tracr/reverse --method eap-ig
for planted in copy induction two-hops or; do discover "planted-$planted" "planted-$planted" --method eap-ig --edges 20; done

# Metrics.
for metric in probability-difference nll kl kl-reverse js squared-error; do
  discover "metric-$metric" fixtures/gpt2 --task ids.jsonl --metric "$metric" --method eap-ig --edges 30
  discover "metric-$metric-exact" fixtures/llama --task ids.jsonl --metric "$metric" --method exact --edges 30
done

# Selection.
discover select-greedy --edges 25 --order greedy
discover select-nodes --nodes 4
discover select-threshold --threshold 0.01
discover select-fraction --fraction 0.1 --prune
discover select-signed --edges 25 --ranking signed --prune
discover select-keep --keep 85%

# The number of threads changes nothing.
for threads in 1 2; do
  discover "threads-$threads" fixtures/qwen2 --task induction --count 30 --method eap-ig --threads "$threads"
done
for file in scores.safetensors circuit.json curve.csv; do
  cmp "threads-1/$file" "threads-2/$file" >&2 || { echo "$file depends on the number of threads" >&2; exit 1; }
done

# Kills a run once it has kept a state, and lets it go on.
resume() {
  local arguments=("${@:2}" --output "$1" --quiet --resume-seconds 0)
  "$binary" discover "${arguments[@]}" > output 2> errors &
  local process=$!
  while [ ! -e "$1.resume" ] && kill -0 "$process" 2> /dev/null; do sleep 0.01; done
  kill -9 "$process" 2> /dev/null || true
  { wait "$process" || true; } 2> /dev/null
  [ -e "$1/run.json" ] || "$binary" discover "${arguments[@]}" --resume > output 2> errors || fail "$@"
  hashes "$1"
}
resume resume-exact --method exact --count 400 --edges 200
resume resume-acdc --method acdc:tau=0.0001/0.001/0.01/0.1 --count 200
resume resume-sp --method sp-edges:steps=60 --count 40

# Evaluation.
hash_of evaluate-all evaluate eap --draws 4 --count 20 --truth acdc --against eap-ig-left
hash_of evaluate-family evaluate qwen2-grouped --draws 4
hash_of evaluate-stability evaluate gpt2-eap --measures stability,random --count 10 --draws 3
hash_of evaluate-changed-last evaluate eap --positions changed,last --measures curve,random --draws 3 --count 20
hash_of evaluate-indices evaluate gpt2-eap --positions 1-2,-1 --measures curve,minimality --count 20 --edges 12
hash_of evaluate-nodes evaluate eap --granularity nodes --measures curve,completeness --draws 3 --count 20
hash_of evaluate-part evaluate eap --part circuit --measures curve,random --draws 3 --count 20
hash_of evaluate-ablation evaluate gpt2-exact --ablation positional-mean --metric kl --measures curve,minimality --edges 12
hash_of evaluate-truth evaluate planted-or --truth planted-or --measures curve
hash_of evaluate-eap-ig-file evaluate fixtures/circuits/eap_ig.json --model fixtures/gpt2 --task ids.jsonl --measures random
hash_of robustness robustness gpt2-eap --count 10
"$binary" robustness eap --count 10 --json --ablation resample,zero > output 2> errors || fail robustness-json
grep -v '"workingDirectory"' output > json
printf '%s  %s\n' "$(sha256sum json | cut -c 1-16)" robustness-json/stdout

# Comparisons: their plots, since their tables hold times.
hash_of compare-known compare planted-or fixtures/tracr/vote --method eap,eap-ig,exact,acdc --count 10
hash_of compare-curves compare induction-tiny --method eap,hisp --count 10
