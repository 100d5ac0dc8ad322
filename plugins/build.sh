#!/bin/sh
# Builds every component of this folder into its place, where the toolchain for its language exists,
# and says SKIPPED where it does not. docs/plugins.md says how to get the toolchains.
#
#   plugins/build.sh            builds all that is committed
#   plugins/build.sh --check    builds, and compares with SHA256SUMS (Rust and C only)
#   plugins/build.sh --all      also the fixtures that are too large to commit
set -eu

plugins=$(cd "$(dirname "$0")" && pwd)
built="$plugins/fixtures"
work=${CARGO_TARGET_DIR:-"$plugins/target"}
linker=/usr/lib/rustlib/$(uname -m)-unknown-linux-gnu/bin/wasm-component-ld
wasm_ld=$(command -v wasm-ld-22 || command -v wasm-ld || true)
mode=${1:-}

skipped() { echo "SKIPPED: $1" >&2; [ "${ISOPLUG_TESTS_MUST_RUN:-}" != 1 ]; }

# Debian's compiler builds the standard library from its own sources, so that no target has to be
# downloaded; paths of this machine do not reach the component.
rust() {
    [ -x "$linker" ] && [ -n "$wasm_ld" ] || { skipped "Rust: no $linker or wasm-ld"; return; }
    home=${CARGO_HOME:-"$HOME/.cargo"}
    remap="--remap-path-prefix=$home=/cargo --remap-path-prefix=$plugins=/plugins"
    cd "$plugins"
    PATH=/usr/bin:/bin RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$work" \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker" \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Clink-arg=--wasm-ld-path=$wasm_ld $remap" \
        /usr/bin/cargo build --quiet --release --target wasm32-unknown-unknown \
        -Zbuild-std=std,panic_abort $(crates | sed 's/^/-p /')
    for crate in $(crates); do
        component=$(echo "$crate" | tr - _).wasm
        place "$work/wasm32-unknown-unknown/release/$component" "$crate"
    done
}

# Every crate that is a plugin.
crates() { cd "$plugins" && grep -l cdylib */Cargo.toml | xargs -n1 dirname; }

# Puts a component beside the sources; the fixtures have a folder of their own.
place() {
    case $2 in
        hello-*) cp "$1" "$built/$2.wasm" ;;
        *) cp "$1" "$plugins/$2/$2.wasm" ;;
    esac
    echo "$2: $(($(wc -c < "$1") / 1024)) KiB"
}

rust
cd "$plugins"
case $mode in
    --check) sha256sum --check --quiet SHA256SUMS ;;
    *) sha256sum fixtures/*.wasm */*.wasm 2>/dev/null | sort -u -k2 > SHA256SUMS ;;
esac
