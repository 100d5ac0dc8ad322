#!/bin/sh
# Builds every component of this folder into its place, where the toolchain for its language exists,
# and says SKIPPED where it does not. docs/plugins.md says how to get the toolchains.
#
#   plugins/build.sh            builds the components in Rust and C, which are the same bytes each time
#   plugins/build.sh --check    builds them, and compares them with SHA256SUMS
#   plugins/build.sh --all      also those in JavaScript and Python, whose tools give other bytes each time
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
        hello-* | hook-*) cp "$1" "$built/$2.wasm" ;;
        *) cp "$1" "$plugins/$2/$2.wasm" ;;
    esac
    echo "$2: $(($(wc -c < "$1") / 1024)) KiB"
}

# clang knows how to call the linker that makes components; Debian has it beside its Rust compiler.
c() {
    clang=$(command -v clang-19 || command -v clang || true)
    [ -x "$linker" ] && [ -n "$clang" ] && [ -d /usr/include/wasm32-wasi ] ||
        { skipped "C: no clang, wasi-libc or $linker"; return; }
    # The path is short, since clang would run a wasm-opt that it finds, which knows no components.
    PATH=/usr/bin:/bin "$clang" --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor -Os -Wall -Wextra \
        -fuse-ld="$linker" -Wl,--strip-all -I"$plugins/sdk-c" "$plugins/hello-c/plugin.c" \
        "$plugins/sdk-c/contributor_plugin.c" "$plugins/sdk-c/contributor_plugin_component_type.o" \
        -o "$work/hello-c.wasm"
    place "$work/hello-c.wasm" hello-c
}

# Committed compressed: most of it is the JavaScript engine.
js() {
    jco=$(command -v jco || true)
    [ -n "$jco" ] && command -v zstd > /dev/null || { skipped "JavaScript: no jco or zstd"; return; }
    cd "$plugins/hello-js"
    "$jco" componentize plugin.js --backend qjs --backend-qjs-stub-wasi \
        --backend-qjs-disable-async --wit "$plugins/../wit/0.1" -n contributor-plugin \
        -o "$work/hello-js.wasm" > /dev/null
    zstd -q -f -19 "$work/hello-js.wasm" -o "$built/hello-js.wasm.zst"
    echo "hello-js: $(($(wc -c < "$work/hello-js.wasm") / 1024)) KiB"
}

# Too large to commit: most of it is CPython.
python() {
    componentize=$(command -v componentize-py || true)
    [ -n "$componentize" ] || { skipped "Python: no componentize-py"; return; }
    cd "$plugins/hello-python"
    "$componentize" -d "$plugins/../wit/0.1" -w contributor-plugin componentize --stub-wasi plugin \
        -o "$built/hello-python.wasm" > /dev/null
    echo "hello-python: $(($(wc -c < "$built/hello-python.wasm") / 1024)) KiB"
}

# What is built anew with other bytes each time is built on request only.
rust
c
[ "$mode" != --all ] || { js; python; }
cd "$plugins"
case $mode in
    --check) sha256sum --check --quiet SHA256SUMS ;;
    *) sha256sum $(git ls-files --cached --others --exclude-standard "*.wasm" "*.zst") > SHA256SUMS ;;
esac
