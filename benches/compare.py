#!/usr/bin/env python3
"""Builds the same live system with isoplug and by hand (mmdebstrap, mksquashfs, xorriso) in one run, and
prints CPU seconds, wall seconds and peak memory side by side.

    cargo build --release && sudo benches/compare.py [FOLDER]

Needs root, mmdebstrap, squashfs-tools, xorriso and a network. Every .deb is fetched beforehand, so no
download is in the figures. FOLDER keeps the trees [default: a temporary one, removed at the end].
"""
import os, pathlib, shutil, subprocess, sys, tempfile, time, tomllib

PACKAGES = """apt linux-image-amd64 live-boot systemd-sysv dbus openssh-server network-manager vim-tiny git htop
parted dosfstools e2fsprogs grub-efi-amd64-bin sudo locales curl ca-certificates iproute2 xfsprogs btrfs-progs
cryptsetup lvm2 rsync less zstd""".split()
SUITE = "trixie"
MANIFEST = f"""
[image]
name = "bench"
[sources.debian]
suite = "{SUITE}"
pockets = []
[profiles.bench]
packages.install = {PACKAGES}
[[profiles.bench.files]]
target = "/etc/motd"
text = "one\\n"
"""
ISOPLUG = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")).resolve() / "release/isoplug"


def measure(command, **options):
    """Runs a command and returns its CPU seconds, wall seconds and peak memory in MB."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{' '.join(map(str, command))} failed with status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1000


def isoplug(project, store, *arguments):
    return measure([ISOPLUG, "build", "--quiet", "--store", store, *arguments], cwd=project)


def prepare(folder):
    """Fetches every .deb once; returns the project and the packages as apt names them."""
    project, cache = folder / "project", folder / "archives"
    for path in (project / "vendor", cache):
        path.mkdir(parents=True)
    (project / "isoplug.toml").write_text(MANIFEST)
    isoplug(project, folder / "first-store")
    lock = tomllib.loads((project / "isoplug.lock").read_text())
    for name_version_arch, package in lock["packages"].items():
        digest = package["sha256"]
        blob = folder / "first-store/blobs-v1/sha256" / digest[:2] / digest
        shutil.copy(blob, project / "vendor" / digest)
        name = name_version_arch.replace(" ", "_").replace(":", "%3a")
        shutil.copy(blob, cache / f"{name}.deb")
    return project, cache


def by_hand(folder, cache):
    """Returns the figures of each tool."""
    tree, image, medium = folder / "tree", folder / "fs.squashfs", folder / "medium"
    mirror = os.environ.get("ISOPLUG_MIRROR") or "http://deb.debian.org/debian"
    hook = f'--setup-hook=mkdir -p "$1/var/cache/apt/archives"; cp {cache}/*.deb "$1/var/cache/apt/archives/"'
    mmdebstrap = measure(["mmdebstrap", "--variant=minbase", "--skip=download/empty", hook,
                          f"--include={','.join(PACKAGES)}", SUITE, tree, mirror])
    squash = ["mksquashfs", tree, image, "-comp", "zstd", "-noappend", "-quiet", "-no-progress"]
    mksquashfs = measure(squash + ["-e", "boot", "var/cache/apt"])
    (medium / "live").mkdir(parents=True)
    shutil.copy(image, medium / "live/filesystem.squashfs")
    shutil.copytree(tree / "boot", medium / "boot", symlinks=True)
    xorriso = measure(["xorriso", "-as", "mkisofs", "-quiet", "-o", folder / "hand.iso", "-V", "HAND",
                       "-iso-level", "3", "-J", "-joliet-long", "-R", medium])
    return {"mmdebstrap": mmdebstrap, "mksquashfs -comp zstd": mksquashfs, "xorriso": xorriso}


def row(name, figures, against=None):
    cpu, wall, memory = figures
    ratio = f"{cpu / against[0]:6.3f} {wall / against[1]:6.3f}" if against else " " * 13
    print(f"{name:38} {cpu:8.2f} {wall:8.2f} {memory:8.0f}   {ratio}")


def run(folder):
    project, cache = prepare(folder)
    store = folder / "store"
    first = isoplug(project, store, "--offline")
    same = isoplug(project, store, "--offline")
    manifest = project / "isoplug.toml"
    manifest.write_text(MANIFEST.replace("one\\n", "two\\n"))
    changed = isoplug(project, store, "--offline")
    parts = by_hand(folder, cache)
    hand = tuple(sum(part[i] for part in parts.values()) for i in (0, 1)) + (max(p[2] for p in parts.values()),)
    print(f"{'':38} {'CPU s':>8} {'wall s':>8} {'peak MB':>8}   {'CPU':>6} {'wall':>6}")
    for name, figures in parts.items():
        row(f"  {name}", figures)
    row("by hand, all of it", hand)
    row("isoplug, first ISO (against by hand)", first, hand)
    row("isoplug, one file changed (to first)", changed, first)
    row("isoplug, nothing changed (to first)", same, first)
    iso = next((project / "out").glob("*.iso"))
    print(f"ISO: isoplug {iso.stat().st_size / 1e6:.0f} MB, by hand {(folder / 'hand.iso').stat().st_size / 1e6:.0f} MB")


def main():
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1]).resolve()
        folder.mkdir(parents=True)
        run(folder)
        return
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        run(pathlib.Path(folder))


main()
