#!/bin/sh
cat <<'END'

Disks are as they were: nothing is mounted, put together or swapped to.

  mount -o ro,noload /dev/sda1 /mnt     look at ext4 without replaying its journal
  mdadm --assemble --scan --readonly    put arrays together
  vgchange -ay                          activate volumes of LVM
  btrfs device scan                     find file systems of several disks

END
