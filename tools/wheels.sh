# For the scripts beside it, from the repository's root: messages, and wheels pinned by version and SHA-256.

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# fetch NAME VERSION SHA256 -> path of a wheel whose hash is right, in .deps/wheels; a broken download is repeated
fetch() {
  local name=$1 version=$2 sha=$3 stem=${1//-/_}
  mkdir -p .deps/wheels
  for attempt in 1 2 3; do
    local wheel
    wheel=$(ls ".deps/wheels/$stem-$version"-*.whl 2>/dev/null | head -1 || true)
    if [ -n "$wheel" ]; then
      if echo "$sha  $wheel" | sha256sum --check --status; then echo "$wheel"; return; fi
      say "$wheel does not have the pinned hash; getting it again" >&2
      rm -f "$wheel"
    fi
    say "downloading $name $version (attempt $attempt)" >&2
    python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
      --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
      -d .deps/wheels "$name==$version" >&2 || true
  done
  die "could not bring $name $version with SHA-256 $sha; check the network and run make setup again"
}
