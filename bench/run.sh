#!/usr/bin/env bash
# Runs the comparisons with the peers, one script after the other: run.sh [SCRIPT [ARGUMENT...]]. The peers live in a Python environment of
# their own, .deps/peers, made on first use (ATHANOR_PEERS names another); nothing of Athanor needs it.
set -euo pipefail
cd "$(dirname "$0")/.."
peers=${ATHANOR_PEERS:-.deps/peers}
if [ ! -x "$peers/bin/python" ]; then
  echo "bench: bringing the peers into $peers"
  python3 -m venv "$peers.new"
  "$peers.new/bin/python" -m pip install -q torch==2.15.0 numpy==2.4.6 safetensors==0.8.0 tiktoken==0.14.0 tokenizers==0.23.3 transformers==5.24.0 peft==0.21.2 bitsandbytes==0.50.2
  rm -rf "$peers" && mv "$peers.new" "$peers"
fi
if [ $# -gt 0 ]; then exec "$peers/bin/python" "$@"; fi
for script in bench/*.py; do
  [ "$script" = bench/matrix_work.py ] && continue
  echo "== $script"
  "$peers/bin/python" "$script"
done
