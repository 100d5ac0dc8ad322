#!/bin/sh
# Reads every file of the medium and compares it with the checksum that the medium has for it.
set -eu
medium=/run/live/medium part=67108864 at=0 wrong=0

# Onto the screen and the serial line alike.
say() {
  for console in $(cat /sys/class/tty/console/active); do
    printf '%s\r\n' "$1" >"/dev/$console" || true
  done
}

# In parts, between which one reads how far it is.
sum_of() {
  size=$(stat --format=%s "$1") done=0
  while [ "$done" -lt "$size" ]; do
    dd if="$1" bs=4M skip=$((done / 4194304)) count=$((part / 4194304)) status=none || break
    done=$((done + part))
    [ "$done" -ge "$size" ] || say "  $((done * 100 / size)) %"
  done | sha256sum | cut -d ' ' -f 1
}

[ -r "$medium/sha256sum.txt" ] || { say "The medium has no checksums."; exit 1; }
files=$(grep -c . "$medium/sha256sum.txt")
say "Checking the medium ..."
while read -r sum name; do
  at=$((at + 1))
  [ -f "$medium/$name" ] && [ "$(stat --format=%s "$medium/$name")" -lt "$part" ] || say "$at of $files: $name"
  if [ "$(sum_of "$medium/$name")" != "$sum" ]; then
    wrong=$((wrong + 1))
    say "DAMAGED: $name"
  fi
done <"$medium/sha256sum.txt"
if [ "$wrong" -gt 0 ]; then
  say "$wrong of $files files are damaged: write the medium again, or use another one."
  sleep 20
  exit 1
fi
say "The medium is as it was made: $files files."
