#!/usr/bin/env python3
"""Builds the same live system with isoplug and by hand (mmdebstrap, mksquashfs, xorriso), and prints CPU seconds,
wall seconds, memory and disk side by side: every row of the table of aims, in one run.

    cargo build --release && cargo build --release -p isoplug-formats --examples
    sudo benches/compare.py [--live-build [FILE]] [--gnome] [--json FILE] [--plots FOLDER] [FOLDER]
    sudo benches/compare.py --gnome only [FOLDER]

Needs root, mmdebstrap, squashfs-tools, xorriso, 6 GB in FOLDER and a network; --live-build needs live-build and ten
minutes more, --gnome 25 GB and twenty minutes more. Every .deb is fetched beforehand, except by live-build. FOLDER keeps all that is made [default: a
temporary one, removed at the end]. What other work on the machine changes least are the CPU seconds.
"""
import argparse, json, os, pathlib, shutil, signal, subprocess, sys, tempfile, tomllib

import needs
import squashfs_plot as plot
from measuring import Figures, disk_of, measure, mirror

PACKAGES = """apt linux-image-amd64 live-boot systemd-sysv dbus openssh-server network-manager vim-tiny git htop
parted dosfstools e2fsprogs grub-efi-amd64-bin sudo locales curl ca-certificates iproute2 xfsprogs btrfs-progs
cryptsetup lvm2 rsync less zstd""".split()
ADDED = "tmux"
GNOME = ["apt", "linux-image-amd64", "live-boot", "systemd-sysv", "task-gnome-desktop"]
SUITE = "trixie"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")).resolve() / "release"
ISOPLUG, MKSQUASH, MKISO = TARGET / "isoplug", TARGET / "examples/mksquash", TARGET / "examples/mkiso"


def manifest(packages=PACKAGES, text="one", recommends=False):
    return f"""
[image]
name = "bench"
[sources.debian]
suite = "{SUITE}"
pockets = []
[profiles.bench]
packages.install = {packages}
packages.recommends = {str(recommends).lower()}
[[profiles.bench.files]]
target = "/etc/motd"
text = "{text}\\n"
"""


class Bench:
    """A folder with a project, its packages and a store in which the measured builds run."""

    def __init__(self, folder, packages=PACKAGES, recommends=False):
        self.packages, self.recommends = packages, recommends
        self.folder, self.project, self.store = folder, folder / "project", folder / "store"
        self.archives, self.tree = folder / "archives", folder / "tree"
        for path in (self.project / "vendor", self.archives):
            path.mkdir(parents=True)

    def isoplug(self, command, *arguments, store=None, disk=False):
        store = store or self.store
        line = [ISOPLUG, command, "--quiet", "--store", store, *arguments]
        return measure(line, cwd=self.project, disk=store if disk else None, own=ISOPLUG)

    def write(self, text):
        (self.project / "isoplug.toml").write_text(text)

    def prepare(self):
        """Fetches every .deb once; leaves the lock of the first image and the indices."""
        first, lock = self.folder / "first-store", self.project / "isoplug.lock"
        self.write(manifest([*self.packages, ADDED], recommends=self.recommends))
        self.fetch(first)
        extended = lock.read_text()
        lock.unlink()
        self.write(manifest(self.packages, recommends=self.recommends))
        self.fetch(first)
        locked = lock.read_text()
        lock.write_text(extended)
        for name_version_arch, package in tomllib.loads(lock.read_text())["packages"].items():
            digest = package["sha256"]
            blob = first / "blobs-v1/sha256" / digest[:2] / digest
            os.link(blob, self.project / "vendor" / digest)
            os.link(blob, self.archives / (name_version_arch.replace(" ", "_").replace(":", "%3a") + ".deb"))
        (self.store / "caches").mkdir(parents=True)
        shutil.copytree(first / "caches/indices", self.store / "caches/indices")
        lock.write_text(locked)
        shutil.rmtree(first)

    def fetch(self, store):
        """Builds until every .deb is there."""
        line = [ISOPLUG, "build", "--json", "--store", store]
        build = subprocess.Popen(line, cwd=self.project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        missing, last = {"the plan"}, ""
        for last in build.stderr:
            event = json.loads(last)
            if event["event"] == "planned":
                missing = {stage["title"] for stage in event["stages"] if stage["title"].startswith("fetch ")}
            if event["event"] in ("finished", "cached") and missing:
                missing.discard(event["title"])
                if not missing:
                    build.send_signal(signal.SIGINT)
        build.wait()
        if missing:
            sys.exit(f"{', '.join(sorted(missing))} did not come: {last}")

    def forget(self, stage):
        """Lets one stage run again: its record goes."""
        for record in (self.store / "records-v1").glob("*.json"):
            if json.loads(record.read_text())["title"] == stage:
                record.unlink()

    def images(self):
        """The rows of isoplug, in the order in which a developer meets them."""
        rows = {"first ISO": self.isoplug("build", "--offline", disk=True)}
        (self.project / "out/bench-amd64.iso").rename(self.folder / "isoplug.iso")
        rows["nothing changed"] = self.isoplug("build", "--offline")
        self.forget("iso")
        rows["ISO assembly"] = self.isoplug("build", "--offline")
        self.write(manifest(text="two"))
        rows["one file changed"] = self.isoplug("build", "--offline")
        self.write(manifest([*PACKAGES, ADDED], "two"))
        rows["one package added"] = self.isoplug("build", "--offline")
        self.write(manifest() + f"[profiles.second]\npackages.install = {PACKAGES}\n")
        rows["evaluate, solve and lock"] = self.isoplug("lock", "--offline", "--profile", "second")
        return rows

    def by_hand(self, mirror, rounds=5):
        """The rows of the tools that one would use by hand."""
        image, medium = self.folder / "hand.squashfs", self.folder / "medium"
        hook = f'--setup-hook=mkdir -p "$1/var/cache/apt/archives"; cp {self.archives}/*.deb "$1/var/cache/apt/archives/"'
        recommends = f"--aptopt=APT::Install-Recommends {str(self.recommends).lower()}"
        rows = {"mmdebstrap": measure(["mmdebstrap", "--variant=minbase", "--skip=download/empty", hook, recommends,
                                       f"--include={','.join(self.packages)}", SUITE, self.tree, mirror])}
        shutil.rmtree(self.tree / "var/cache/apt/archives")
        squash = ["mksquashfs", self.tree, image, "-comp", "zstd", "-noappend", "-quiet", "-no-progress"]
        rows["mksquashfs -comp zstd"] = measure([*squash, "-e", "boot", "var/cache/apt"])
        (medium / "live").mkdir(parents=True)
        shutil.copy(image, medium / "live/filesystem.squashfs")
        shutil.copytree(self.tree / "boot", medium / "boot", symlinks=True)
        return rows | self.iso(medium, rounds)

    def iso(self, medium, rounds):
        """Both writers of ISOs on one folder; ours also gives the SHA-256 of what it wrote."""
        hand = self.folder / "hand.iso"
        commands = {"ISO writer": [MKISO, self.folder / "ours.iso", medium],
                    "xorriso": ["xorriso", "-as", "mkisofs", "-quiet", "-o", hand, "-V", "HAND", "-iso-level", "3", "-J",
                                "-joliet-long", "-R", medium],
                    "SHA-256 by openssl": ["openssl", "dgst", "-sha256", hand]}
        rounds = [{name: measure(command) for name, command in commands.items()} for _ in range(rounds)]
        return {name: min((row[name] for row in rounds), key=lambda row: row.cpu) for name in commands}

    def squashfs(self):
        """Our writer on the tree made by hand: without cached blocks, without every twentieth of them, and with all
        of them after files that hold 5 % of the bytes were changed, which are in many more blocks."""
        tree, image, blocks = self.folder / "tree.list", self.folder / "ours.squashfs", self.folder / "blocks"
        write = [MKSQUASH, "--exclude", "boot", "--exclude", "var/cache/apt", "--cache", blocks, tree, image]
        scan = [MKSQUASH, "--scan", self.tree, tree]
        measure(scan)
        rows = {"squashfs": measure(write)}
        for block in sorted(path for path in blocks.rglob("*") if path.is_file())[::20]:
            block.unlink()
        rows["squashfs, 95 % of blocks cached"] = measure(write)
        change(self.tree / "usr", 0.05)
        measure(scan)
        rows["squashfs, 5 % of the bytes changed"] = measure(write)
        return rows

    def live_build(self, mirror, earlier):
        if earlier is not True:
            return Figures(**json.loads(earlier.read_text())["rows"]["live-build"])
        return live_build(self.folder / "live-build", mirror)


def live_build(work, mirror, files=None):
    """Builds the image of live-build in a folder, as root, with more files in its root filesystem; returns what it took."""
    (work / "config/package-lists").mkdir(parents=True)
    (work / "config/package-lists/bench.list.chroot").write_text("\n".join(PACKAGES) + "\n")
    for path, text in (files or {}).items():
        place = work / "config/includes.chroot" / path
        place.parent.mkdir(parents=True)
        place.write_text(text)
    off = ["--security", "--updates", "--backports", "--firmware-chroot", "--firmware-binary", "--apt-recommends"]
    mirrors = [f"--mirror-{use}={mirror}" for use in ("bootstrap", "chroot", "binary")]
    options = [word for name in off for word in (name, "false")] + ["--debian-installer", "none", "--memtest", "none"]
    measure(["lb", "config", "-d", SUITE, *mirrors, *options], cwd=work)
    return measure(["lb", "build"], cwd=work)


def gnome(folder):
    """The rows of a desktop's first image; what was made is removed before the next begins."""
    bench = Bench(folder, GNOME, recommends=True)
    bench.prepare()
    rows = {"first GNOME image": bench.isoplug("build", "--offline", disk=True)}
    size = {"GNOME, isoplug's ISO": (bench.project / "out/bench-amd64.iso").stat().st_size}
    shutil.rmtree(bench.store)
    shutil.rmtree(bench.project / "vendor")
    hand = bench.by_hand(mirror(), rounds=1)
    rows |= {f"GNOME, {name}": hand[name] for name in BY_HAND}
    rows["GNOME by hand, all of it"] = Figures.sum(hand[name] for name in BY_HAND)
    size |= {"GNOME, ISO by hand": (folder / "hand.iso").stat().st_size, "GNOME, tree": disk_of(bench.tree)}
    shutil.rmtree(folder)
    return rows, size


def change(folder, share):
    """Appends to files, spread over all, until those changed hold this share of the bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    wanted = share * sum(path.stat().st_size for path in files)
    for path in files[:: max(1, int(1 / share))]:
        wanted -= path.stat().st_size
        if wanted < 0:
            return
        with path.open("ab") as file:
            file.write(b"\n")


def table(rows, hand, size):
    """Each row of the aims: what is measured, against what, the ratio or figure, and the aim."""
    lines = desktop_table(rows, size) if "first GNOME image" in rows else []
    if "first ISO" not in rows:
        return lines
    first = rows["first ISO"]
    squash, xorriso, sha256 = rows["mksquashfs -comp zstd"], rows["xorriso"], rows["SHA-256 by openssl"]
    changed, added = rows["one file changed"], rows["one package added"]
    lines = lines + [
        ("first ISO / by hand, CPU", first.cpu / hand.cpu, 0.30),
        ("first ISO / by hand, wall", first.wall / hand.wall, 0.30),
        ("squashfs / mksquashfs, CPU", rows["squashfs"].cpu / squash.cpu, 0.17),
        ("squashfs / mksquashfs, size", size["squashfs"] / size["squashfs by hand"], 1),
        ("squashfs, 95 % cached / mksquashfs, CPU", rows["squashfs, 95 % of blocks cached"].cpu / squash.cpu, 0.05),
        ("ISO writer / xorriso, CPU", rows["ISO writer"].cpu / xorriso.cpu, 1),
        ("ISO writer / xorriso and SHA-256, CPU", rows["ISO writer"].cpu / (xorriso.cpu + sha256.cpu), 1),
        ("ISO writer / xorriso, memory", rows["ISO writer"].memory / xorriso.memory, 1),
        ("nothing changed, wall s", rows["nothing changed"].wall, 0.5),
        ("one file changed / first ISO, CPU", changed.cpu / first.cpu, 0.05),
        ("one file changed, wall s", changed.wall, 2),
        ("one package added / first ISO, CPU", added.cpu / first.cpu, 0.25),
        ("one package added / first ISO, wall", added.wall / first.wall, 0.25),
        ("evaluate, solve and lock, wall s", rows["evaluate, solve and lock"].wall, 1),
        ("memory of all processes, MB", max(row.memory for name, row in rows.items() if name in OURS), 300),
        ("disk / unpacked root file system", first.disk / size["tree"], 2.5),
    ]
    if "live-build" in rows:
        lines.append(("first ISO / live-build, CPU", first.cpu / rows["live-build"].cpu, 0.12))
    return lines


def desktop_table(rows, size):
    first, hand = rows["first GNOME image"], rows["GNOME by hand, all of it"]
    return [
        ("first GNOME image / by hand, CPU", first.cpu / hand.cpu, 0.35),
        ("first GNOME image / by hand, wall", first.wall / hand.wall, 0.35),
        ("GNOME, memory of our processes, MB", first.own, 300),
        ("GNOME, disk / unpacked root file system", first.disk / size["GNOME, tree"], 2.5),
    ]


BY_HAND = ("mmdebstrap", "mksquashfs -comp zstd", "xorriso")
OURS = ("first ISO", "nothing changed", "ISO assembly", "one file changed", "one package added", "evaluate, solve and lock")


def draw(rows, hand, lines, folder):
    caption = f"{SUITE}, the {len(PACKAGES)} packages of benches/compare.py and what they need, every .deb fetched " \
              f"beforehand; {os.cpu_count()} processors. Repeat: sudo benches/compare.py --plots docs/plots"
    if hand:
        theirs = [(name, rows[name].cpu, 0) for name in ("live-build",) if name in rows] + [("by hand", hand.cpu, 0)]
        draw_cpu("compare-cpu.svg", theirs, OURS, rows, caption, folder)
    if "first GNOME image" in rows:
        theirs = [("by hand", rows["GNOME by hand, all of it"].cpu, 0)]
        text = caption.replace(f"the {len(PACKAGES)} packages", "task-gnome-desktop with recommends").replace(
            " of benches/compare.py and what they need", "").replace("--plots", "--gnome only --plots")
        draw_cpu("compare-gnome.svg", theirs, ["first GNOME image"], rows, text, folder)
    shares = [(name.replace(", CPU", ""), value / aim, 3 if value <= aim else 2) for name, value, aim in lines]
    text = "Each figure as a share of what was to be reached: green bars are within it. " + caption
    (folder / "compare-aims.svg").write_text(plot.bars("Figures against their aims", "of the aim", shares, text))


def draw_cpu(name, theirs, ours, rows, caption, folder):
    bars = theirs + [(f"isoplug, {row}", rows[row].cpu, 1) for row in ours]
    (folder / name).write_text(plot.bars("CPU seconds to an ISO", "s", bars, caption))


def show(rows, hand, lines, size):
    print(f"{'':34} {'CPU s':>8} {'wall s':>8} {'memory MB':>10} {'largest MB':>11}")
    for name, row in [*rows.items(), *([("by hand, all of it", hand)] if hand else [])]:
        print(f"{name:34} {row.cpu:8.2f} {row.wall:8.2f} {row.memory:10.0f} {row.largest:11.0f}")
    print(f"\n{'':42} {'found':>8} {'aim':>6}")
    for name, value, aim in lines:
        print(f"{name:42} {value:8.3f} {aim:6g}{'' if value <= aim else '  missed'}")
    print("\nsizes, MB: " + ", ".join(f"{name} {bytes / 1e6:.1f}" for name, bytes in size.items()))


def run(folder, arguments):
    rows, size, hand = {}, {}, None
    if arguments.gnome != "only":
        rows, size, hand = minimal(folder, arguments)
    if arguments.gnome:
        more, sizes = gnome(folder / "gnome")
        rows, size = rows | more, size | sizes
    lines = table(rows, hand, size)
    show(rows, hand, lines, size)
    if arguments.plots:
        draw(rows, hand, lines, arguments.plots)
    if arguments.json:
        found = {"rows": {name: vars(row) for name, row in rows.items()}, "sizes": size,
                 "aims": [{"name": name, "found": value, "aim": aim} for name, value, aim in lines]}
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")


def check(arguments):
    """Everything that a later row needs is looked for before the first."""
    fresh = arguments.live_build is True
    example = "cargo build --release -p isoplug-formats --examples"
    needs.check(tools=["mmdebstrap", "mksquashfs", "xorriso", "openssl", *(["lb"] if fresh else [])], root=True,
                built={ISOPLUG: "cargo build --release", MKSQUASH: example, MKISO: example},
                folder=arguments.folder, gigabytes=25 if arguments.gnome else 9 if fresh else 6)
    if arguments.live_build and not fresh:
        try:
            Figures(**json.loads(arguments.live_build.read_text())["rows"]["live-build"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            sys.exit(f"this bench cannot run:\n  {arguments.live_build} has no row of live-build: {error}")
    for path in (arguments.json and arguments.json.parent, arguments.plots):
        if path and not path.is_dir():
            sys.exit(f"this bench cannot run:\n  {path} is not a folder to write into")
def minimal(folder, arguments):
    bench = Bench(folder)
    bench.prepare()
    rows = bench.images() | bench.by_hand(mirror())
    size = {"isoplug's ISO": (folder / "isoplug.iso").stat().st_size,
            "ISO by hand": (folder / "hand.iso").stat().st_size, "tree": disk_of(bench.tree)}
    hand = Figures.sum(rows[name] for name in BY_HAND)
    rows |= bench.squashfs()
    size |= {"squashfs": (folder / "ours.squashfs").stat().st_size,
             "squashfs by hand": (folder / "hand.squashfs").stat().st_size}
    if arguments.live_build:
        rows["live-build"] = bench.live_build(mirror(), arguments.live_build)
    return rows, size, hand


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live-build", nargs="?", const=True, type=pathlib.Path, metavar="FILE",
                        help="build it with live-build, too, or take that row from the JSON of an earlier run")
    parser.add_argument("--gnome", nargs="?", const="too", choices=["too", "only"],
                        help="build GNOME with all that it recommends, too, or only that")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--plots", type=pathlib.Path, metavar="FOLDER", help="draw them there")
    parser.add_argument("folder", nargs="?", type=pathlib.Path, help="where to work")
    arguments = parser.parse_args()
    check(arguments)
    if arguments.folder:
        return run(arguments.folder.resolve(), arguments)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        run(pathlib.Path(folder), arguments)


if __name__ == "__main__":
    main()
