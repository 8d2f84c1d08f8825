#!/usr/bin/env bash
# fuzz.sh TARGET SECONDS: runs build-fuzz/bin/fuzz_TARGET (a pattern; * is all of them) for that long each. New inputs go to
# build-fuzz/corpus/, finds to build-fuzz/finds/; a find that was understood belongs into tests/corpus/<target>/.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$1 seconds=$2
mkdir -p build-fuzz/finds
for program in build-fuzz/bin/fuzz_$target; do
  name=${program##*/fuzz_}
  mkdir -p "build-fuzz/corpus/$name"
  echo "fuzz: $name for $seconds s"
  if ! "$program" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="build-fuzz/finds/$name-" "build-fuzz/corpus/$name" "tests/corpus/$name" >"build-fuzz/$name.log" 2>&1; then
    tail -40 "build-fuzz/$name.log" >&2
    echo "fuzz: $name found something; the input lies in build-fuzz/finds/" >&2
    exit 1
  fi
  grep number_of_executed_units "build-fuzz/$name.log"
done
