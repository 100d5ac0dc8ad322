#!/bin/sh
# Builds isoplug-install as it goes into images: static, and with the same bytes whatever the folder.
# Usage: crates/isoplug-install/static.sh [amd64|arm64], from anywhere; prints the file's path.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
case "${1:-amd64}" in
  amd64) target=x86_64-unknown-linux-gnu ;;
  arm64) target=aarch64-unknown-linux-gnu ;;
  *) echo "expected amd64 or arm64, found $1" >&2; exit 2 ;;
esac
folder=${CARGO_TARGET_DIR:-$root/target/static}
cd "$root"
# A build folder of its own: with -p, other features would make all else anew.
RUSTFLAGS="-C target-feature=+crt-static -C strip=symbols -C link-arg=-Wl,--build-id=none \
  --remap-path-prefix=$root=/isoplug --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo" \
  CARGO_INCREMENTAL=0 CARGO_TARGET_DIR="$folder" \
  cargo build --release --locked -p isoplug-install --target "$target" >&2
echo "$folder/$target/release/isoplug-install"
