#!/usr/bin/env bash
# Starts the comparison of isoplug with apt for tests/long/sets and tests/long/real-sets, which share
# a folder: the store, the base, the results. One that was stopped goes on from there.
set -euo pipefail
cargo build --release --quiet --package isoplug-tests --bin package-sets
# Mounts of its own, which end with it.
exec unshare --mount --propagation private \
  "${CARGO_TARGET_DIR:-target}/release/package-sets" "$(dirname "$LONG_FOLDER")/package-sets" "$@"
