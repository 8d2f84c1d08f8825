#!/usr/bin/env bash
# Brings what Athanor is built from: Debian packages, and libtorch from the `torch` wheel into .deps/ (git-ignored).
# Idempotent: what is there is left alone, so once done it needs no network. Wheels are pinned by version and SHA-256.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGES=(g++ cmake ninja-build ccache mold make git python3 python3-pip unzip
  libcli11-dev nlohmann-json3-dev libsimdjson-dev zlib1g-dev libzstd-dev libyaml-cpp-dev libspdlog-dev libfmt-dev libpcre2-dev libutf8proc-dev
  libsqlite3-dev libedit-dev libboost1.81-dev libxxhash-dev libgtest-dev libbenchmark-dev libvalijson-dev libjs-chart.js
  clang-format clang-tidy-19 clang-19 libclang-rt-19-dev)

# name version sha256 (the file's name follows from pip)
TORCH="torch 2.15.0 6d8c86f4e33a9f12a58149bd9b0d64351632b8eb44479be8ff85e5389932dd79"
CUDART="nvidia-cuda-runtime 13.2.86 3498247680dfddce31bad102af7e3e26fc795342a3cac64722bb0fa95e7f60f0"
CUPTI="nvidia-cuda-cupti 13.2.86 8fa29f15dd8336181f961764d9d95236fc6b931dd0c8fcf8cd70aab0c310b586"
ARROW="pyarrow 26.0.1 c718bf97a92a6dea97fd1062c3b9f9e2e83cb9cc926e752289fa4ffff41738f9"

. tools/wheels.sh  # say, die, fetch

install_packages() {
  local missing=()
  for p in "${PACKAGES[@]}"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} -eq 0 ] && { say "Debian packages are there"; return; }
  local sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null && sudo=sudo ||
      die "needs root for Debian packages; run:  su -c 'apt-get update && apt-get install -y --no-install-recommends ${missing[*]}'  and then make again"
  fi
  say "installing ${missing[*]}"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# unpack WHEEL MEMBER_PREFIX... -> .deps/NEW, then renamed as a whole
unpack_torch() {
  local stamp=.deps/libtorch/.complete
  [ "$(cat $stamp 2>/dev/null)" = "$TORCH" ] && { say "libtorch is there"; return; }
  local wheel; wheel=$(fetch $TORCH)
  rm -rf .deps/libtorch .deps/libtorch.new && mkdir -p .deps/libtorch.new
  say "unpacking libtorch"
  unzip -q "$wheel" 'torch/include/*' 'torch/lib/*' 'torch-*/licenses/*' -x '*libtorch_python*' '*libtorch_nvshmem*' -d .deps/libtorch.new
  mv .deps/libtorch.new/torch/* .deps/libtorch.new/ && rmdir .deps/libtorch.new/torch
  echo "$TORCH" > .deps/libtorch.new/.complete
  mv .deps/libtorch.new .deps/libtorch
  rm -f "$wheel"   # half a gigabyte that nothing needs any more
}

# libtorch_cpu.so is linked against cudart and cupti even where no GPU is; use the toolkit's or the two wheels
unpack_cuda_stubs() {
  local have=1
  for lib in libcudart.so.13 libcupti.so.13; do
    { ls /usr/local/cuda*/lib64/ /usr/local/cuda*/extras/CUPTI/lib64/ /usr/lib/x86_64-linux-gnu/ .deps/cuda/ 2>/dev/null || true; } | grep -qx "$lib" || have=0
  done
  [ $have = 1 ] && { say "libcudart.so.13 and libcupti.so.13 are there"; return; }
  mkdir -p .deps/cuda
  for pin in "$CUDART" "$CUPTI"; do
    local wheel; wheel=$(fetch $pin)
    unzip -qjo "$wheel" '*/lib/libcudart.so.13' -d .deps/cuda 2>/dev/null || unzip -qjo "$wheel" '*/lib/libcupti.so.13' -d .deps/cuda
    rm -f "$wheel"
  done
  say "took libcudart.so.13 and libcupti.so.13 from their wheels"
}

# Arrow's and Parquet's libraries and headers, for `make setup PARQUET=1` only
unpack_arrow() {
  local stamp=.deps/arrow/.complete
  [ "$(cat $stamp 2>/dev/null)" = "$ARROW" ] && { say "Arrow is there"; return; }
  local wheel; wheel=$(fetch $ARROW)
  rm -rf .deps/arrow .deps/arrow.new && mkdir -p .deps/arrow.new/lib
  unzip -q "$wheel" 'pyarrow/include/*' 'pyarrow/libarrow.so.*' 'pyarrow/libparquet.so.*' 'pyarrow-*/licenses/*' -d .deps/arrow.new
  mv .deps/arrow.new/pyarrow/include .deps/arrow.new/ && mv .deps/arrow.new/pyarrow/lib*.so.* .deps/arrow.new/lib/
  rmdir .deps/arrow.new/pyarrow
  echo "$ARROW" > .deps/arrow.new/.complete
  mv .deps/arrow.new .deps/arrow
  rm -f "$wheel"
}

install_packages
unpack_torch
unpack_cuda_stubs
[ -z "${PARQUET:-}" ] || unpack_arrow
say "done"
