# Makes the partition that the image defines on the free space of the stick that is standard input, unless it is there.
set -eu
folder=/usr/lib/isoplug/persistence
setting() { sed -n "s/^$1=//p" "$folder/repart.d/50-persistence.conf"; }
label=$(setting Label) most=$(setting SizeMaxBytes)
exec 3<&0 </dev/null
stick=/proc/self/fd/3

part() {
  sfdisk --dump "$stick" 2>/tmp/said | sed -n "s/.*start= *\([0-9]*\), size= *\([0-9]*\),.* name=\"$label\".*/\1 \2/p"
}
append() {
  printf '%s\n' "size=$1, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=\"$label\"" |
    sfdisk --quiet --append --no-reread "$stick" >/tmp/said 2>&1
}

[ -z "$(part)" ] || { echo "the partition $label is there already"; exit 0; }
# A partition may be as large as what is free.
size=+
[ -z "$most" ] || size=$((most / 512))
append "$size" || append + || { cat /tmp/said; exit 1; }
set -- $(part)
if [ "$2" -lt 131072 ]; then
  sfdisk --quiet --no-reread --delete "$stick" "$(sfdisk --dump "$stick" 2>/tmp/said | grep -c start=)" 2>/tmp/said
  echo "only $(($2 / 2048)) MiB are free, and it takes 64 at least"
  exit 1
fi
mkdir /tmp/kept
cp "$folder/persistence.conf" /tmp/kept
mkfs.ext4 -q -F -L "$label" -d /tmp/kept -E "offset=$(($1 * 512))" "$stick" "$(($2 / 2))k"
