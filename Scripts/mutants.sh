#!/usr/bin/env bash
# Puts the small faults of mutants.txt into a copy of the package, one at a time, and says which of them the
# tests notice. By hand, after changing tests or when a fault slipped through: it takes half a minute for each.
#
#   Scripts/mutants.sh            all of them
#   Scripts/mutants.sh 'acdc|adam'  those whose names match
#
# The copy and its build stay in .build-mutants, or where MUTANTS says. Exits with 1 unless all are killed.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

list=$PWD/Scripts/mutants.txt
pattern=${1:-.}
copy=${MUTANTS:-.build-mutants}
mkdir -p "$copy"
rm -rf "$copy/Sources" "$copy/Tests" "$copy/Benchmarks" "$copy/Checks" "$copy/Fuzzing" "$copy/Examples" "$copy/Plugins" "$copy/Scripts"
cp -Rp Package.swift Sources Tests Benchmarks Checks Fuzzing Examples Plugins Scripts "$copy"
cd "$copy"

build() { swift build --build-tests >build.log 2>&1; }

# What becomes of one fault: old text, new text, the tests that should fail.
outcome() {
  if [ "$(grep -rFo -- "$1" Sources | wc -l)" -ne 1 ]; then
    echo STALE
    return
  fi
  local file text result
  file=$(grep -rFl -- "$1" Sources)
  text=$(cat "$file")
  printf '%s\n' "${text%%"$1"*}$2${text#*"$1"}" >"$file"
  if ! build; then
    result='does not build'
  elif swift test --skip-build --disable-xctest --filter "$3" >test.log 2>&1; then
    result=SURVIVED
  elif grep -q 'Test run with .* failed' test.log; then
    result=killed
  else
    result=crashed # A trap is no verdict of a test.
  fi
  printf '%s\n' "$text" >"$file"
  echo "$result"
}

build || { cat build.log; exit 1; }
all=0 killed=0
while IFS= read -r line <&3; do
  case $line in
  '# '*) name=${line#??} ;;
  '- '*) old=${line#??} ;;
  '+ '*) new=${line#??} ;;
  '? '*)
    grep -Eq -- "$pattern" <<<"$name" || continue
    result=$(outcome "$old" "$new" "${line#??}")
    printf '%-14s %s\n' "$result" "$name"
    all=$((all + 1))
    [ "$result" != killed ] || killed=$((killed + 1))
    ;;
  esac
done 3<"$list"
echo "$killed of $all killed"
[ "$killed" -eq "$all" ]
