#!/usr/bin/env bash
# Installs what the tests need on Debian or Ubuntu, then passes all tests. As root or with sudo.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# The strangers that check the bytes, QEMU with its firmware, newuidmap for builds without root, and what
# registries of plugins are tested against.
packages=(
  gcc libc6-dev pkg-config git curl ca-certificates uidmap
  squashfs-tools xorriso genisoimage mtools dosfstools gdisk cpio zstd attr libcap2-bin
  qemu-system-x86 ovmf ipxe-qemu seabios dpkg apt gnupg lz4 sudo systemd python3-jsonschema
  docker-registry minisign skopeo isomd5sum grub-common grub-emu openssh-client cryptsetup-bin
)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi
# The tests start a registry of their own; the one that Debian's package starts is not wanted.
if [[ " ${missing[*]-} " == *" docker-registry "* ]] && [ -d /run/systemd/system ]; then
  as_root systemctl disable --now docker-registry.service || true
fi

# An ordinary user for the tests that must not be root.
if [ "$(id -u)" = 0 ] && ! id isoplug-test >/dev/null 2>&1; then
  useradd --create-home --shell /bin/bash isoplug-test
fi

# What the compiler makes, and images: a disk that fills up fails the test that happens to write then.
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
room() { echo "disk: $(du -s -BM "$target" | cut -f1) in $target, $(df --output=avail -BM "$target" | tail -1) free"; }
room

tools=$target/tools
export PATH="$tools/bin:$PATH"
command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny --root "$tools"

# A test that is skipped for want of a tool fails instead, unless ISOPLUG_TESTS_MUST_RUN=0; then it is counted.
export ISOPLUG_TESTS_MUST_RUN=${ISOPLUG_TESTS_MUST_RUN-1}
ISOPLUG_TESTS_SKIPPED=$(mktemp)
export ISOPLUG_TESTS_SKIPPED
trap 'room; echo "skipped tests: $(wc -l <"$ISOPLUG_TESTS_SKIPPED")"; sort "$ISOPLUG_TESTS_SKIPPED" | uniq -c; rm "$ISOPLUG_TESTS_SKIPPED"' EXIT
cargo fmt --all --check
cargo clippy --release --workspace --all-targets --quiet -- -D warnings
cargo deny --config .deny.toml check bans licenses sources
# The plugins are a workspace of their own; here their code is checked and tested natively, and
# `tests/long.sh plugins` builds the components again.
for workspace in plugins plugins/sdk; do
  cargo fmt --manifest-path $workspace/Cargo.toml --all --check
  cargo clippy --manifest-path $workspace/Cargo.toml --workspace --all-targets --quiet -- -D warnings
  cargo test --manifest-path $workspace/Cargo.toml --workspace --quiet
done
cargo test --release --workspace "$@"
