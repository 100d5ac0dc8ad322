#!/usr/bin/env bash
# Installs what the tests need on Debian or Ubuntu, then passes all tests. As root or with sudo.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# The strangers that check the bytes, QEMU with its firmware, and newuidmap for builds without root.
packages=(
  gcc libc6-dev pkg-config git curl ca-certificates uidmap
  squashfs-tools xorriso genisoimage mtools dosfstools gdisk cpio zstd attr libcap2-bin
  qemu-system-x86 ovmf ipxe-qemu seabios dpkg apt gnupg lz4 sudo systemd python3-jsonschema
)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi

# An ordinary user for the tests that must not be root.
if [ "$(id -u)" = 0 ] && ! id isoplug-test >/dev/null 2>&1; then
  useradd --create-home --shell /bin/bash isoplug-test
fi

tools=${CARGO_TARGET_DIR:-target}/tools
export PATH="$tools/bin:$PATH"
command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny --root "$tools"

# A test that is skipped for want of a tool fails instead.
export ISOPLUG_TESTS_MUST_RUN=1
cargo fmt --all --check
cargo clippy --release --workspace --all-targets --quiet -- -D warnings
cargo deny --config .deny.toml check bans licenses sources
cargo test --release --workspace "$@"
