#!/usr/bin/env bash
# Runs what takes longer than tests/all.sh may: one part for each file in tests/long/.
#
#   tests/long.sh                 lists the parts
#   tests/long.sh PART [ARGS]     runs one; its table is printed and kept in target/long/PART.tsv
#   tests/long.sh all             runs every part, one after the other
#
# A part is a program tests/long/PART whose first line after #! says what it does. It gets the folder for its
# files as LONG_FOLDER, appends a row to the file LONG_TABLE for each result (columns apart by tabs, the first
# one `ok`, `FAILED` or `SKIPPED`), and fails if one of them is not ok.
set -uo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."

folder=${CARGO_TARGET_DIR:-target}/long

describe() { printf '%-12s %s\n' "$(basename "$1")" "$(sed -n '2s/^# *//p' "$1")"; }

run() {
  local name=$1
  shift
  mkdir -p "$folder/$name"
  export LONG_FOLDER LONG_TABLE
  LONG_FOLDER=$(realpath "$folder/$name")
  LONG_TABLE=$(realpath "$folder")/$name.tsv
  : >"$LONG_TABLE"
  local begin=$SECONDS end=0
  "tests/long/$name" "$@" || end=$?
  printf '\n%s, %s s%s\n' "$name" $((SECONDS - begin)) "$([ $end = 0 ] || echo ", failed with $end")"
  column -t -s "$(printf '\t')" "$LONG_TABLE"
  grep -q '^SKIPPED' "$LONG_TABLE" && echo "skipped: $(grep -c '^SKIPPED' "$LONG_TABLE")"
  [ $end = 0 ] && ! grep -q '^FAILED' "$LONG_TABLE"
}

case ${1-} in
  '')
    for part in tests/long/*; do describe "$part"; done
    ;;
  all)
    failed=0
    for part in tests/long/*; do run "$(basename "$part")" || failed=1; done
    exit $failed
    ;;
  *)
    [ -x "tests/long/$1" ] || { echo "no such part: $1; tests/long.sh lists them" >&2; exit 2; }
    run "$@"
    ;;
esac
