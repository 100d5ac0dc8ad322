# live-boot asks for the passphrase of an encrypted partition of this name alone.
cryptsetup config --label persistence "/dev/disk/by-partlabel/$label"
