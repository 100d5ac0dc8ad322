#!/bin/sh
# Gives Docker a place for its layers where the live system's own overlay is: nothing can be laid over that one.
set -eu
folder=/var/lib/docker
mkdir -p "$folder"
[ "$(stat --file-system --format=%T "$folder")" = overlayfs ] || exit 0
mount -t tmpfs -o mode=0710,size=@SIZE@ docker "$folder"
