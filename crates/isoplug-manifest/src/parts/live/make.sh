#!/bin/sh
# Makes a partition on the free space of the stick that this system runs from, unless there is one.
set -eu
label=@LABEL@

stop() {
  echo "Nothing is kept: $1."
  exit 0
}

[ ! -e "/dev/disk/by-partlabel/$label" ] || exit 0
medium=$(findmnt --noheadings --output SOURCE /run/live/medium) || stop "the medium was removed"
case $medium in
  /dev/loop*) medium=$(losetup --noheadings --output BACK-FILE "$medium") ;;
esac
[ -b "$medium" ] || stop "this system does not run from a disk"
[ "$(lsblk --nodeps --noheadings --output TYPE "$medium")" = disk ] || stop "$medium is no whole disk that could be parted"
[ "$(lsblk --nodeps --noheadings --output RO "$medium" | tr -d ' ')" = 0 ] || stop "$medium is read-only"
@ASK@
systemd-repart --dry-run=no --empty=refuse --definitions=@FOLDER@/repart.d @KEY@ "$medium" ||
  stop "there is no room for it on $medium, or it cannot be written"
udevadm settle
@NAME@
echo "From the next boot on, what is changed is kept on $medium. Choose the same entry of the boot menu."
