#!/usr/bin/env python3
"""Writes the same folders with the squashfs writer of isoplug-formats and with mksquashfs, one after the other, and
prints CPU seconds, wall seconds, peak memory and size of both; draws docs/plots/squashfs-*.svg.

    cargo build --release -p isoplug-formats --example mksquash && benches/squashfs.py [FOLDER]

Needs squashfs-tools and 20 GB in FOLDER [default: a temporary one], which is emptied at the end. The CPU seconds are
what counts: other work on the machine changes the wall seconds.
"""
import os, pathlib, platform, re, shutil, subprocess, sys, tempfile, time

import needs
import squashfs_plot as plot

ROOT = pathlib.Path(__file__).resolve().parent.parent
MKSQUASH = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "release/examples/mksquash"
PLOTS = ROOT / "docs/plots"
GB = 10**9 * float(os.environ.get("SCALE", 1))  # less for a quick look


class Tree:
    """A folder that another process grows: what a child is said to use begins with its parent's memory."""

    def __init__(self, folder):
        script = pathlib.Path(__file__).with_name("squashfs_tree.py")
        self.folder = folder
        self.grower = subprocess.Popen([sys.executable, script, folder], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)

    def grow(self, size):
        return self.ask(size)

    def change(self, share):
        """Makes a share of the files longer; returns how many."""
        return self.ask(share)

    def ask(self, number):
        print(number, file=self.grower.stdin, flush=True)
        return self.grower.stdout.readline().strip()


class Figures:
    def __init__(self, cpu, wall, memory, size=0, said=""):
        self.cpu, self.wall, self.memory, self.size, self.said = cpu, wall, memory, size, said

    def missed(self):
        inodes, blocks, cached = map(int, re.search(r"inodes (\d+)\nblocks (\d+) cached (\d+)", self.said).groups())
        return f"{inodes} inodes, made {blocks - cached} of {blocks} blocks"


def measure(*command):
    start = time.monotonic()
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if status:
        sys.exit(f"{' '.join(map(str, command))} failed: {said}")
    return Figures(usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1000, said=said)


class Bench:
    def __init__(self, folder):
        self.tree = Tree(folder / "tree")
        self.image, self.list, self.cache = folder / "image", folder / "list", folder / "cache"
        self.rows = {}

    def written(self, name, figures):
        figures.size = self.image.stat().st_size if self.image.exists() else 0
        self.image.unlink(missing_ok=True)
        self.rows[name] = figures
        against = self.rows.get("mksquashfs -comp zstd")
        ratio = f"{figures.cpu / against.cpu:.3f}" if against else ""
        note = figures.missed() if figures.said.startswith("bytes") else ""
        size = f"{figures.size / 1e6:.1f}" if figures.size else ""
        print(f"| {name} | {figures.cpu:.2f} | {figures.wall:.2f} | {figures.memory:.0f} | {size} | {ratio} | {note} |",
              flush=True)
        return figures

    def scan(self, name):
        return self.written(name, measure(MKSQUASH, "--scan", self.tree.folder, self.list))

    def ours(self, name, *options):
        return self.written(name, measure(MKSQUASH, *options, self.list, self.image))

    def theirs(self, name, *options):
        return self.written(name, measure("mksquashfs", self.tree.folder, self.image, "-noappend", "-no-progress", *options))


def heading(title):
    print(f"\n{title}\n\n| | CPU s | wall s | peak MB | image MB | CPU ratio | |\n| --- | --: | --: | --: | --: | --: | --- |")


def presets(bench):
    heading("Presets (CPU ratio: to the first line)")
    bench.theirs("mksquashfs -comp zstd", "-comp", "zstd", "-processors", 2)
    bench.scan("read the folder into a list and a pack")
    bench.ours("ours, fast", "--preset", "fast", "--threads", 2)
    bench.ours("ours, balanced", "--threads", 2)
    bench.ours("ours, small", "--preset", "small", "--threads", 2)
    bench.theirs("mksquashfs -comp xz -b 1M", "-comp", "xz", "-b", "1M", "-processors", 2)
    heading("Threads")
    for count in (1, 2):
        bench.ours(f"ours, balanced, threads {count}", "--threads", count)
        bench.theirs(f"mksquashfs -b 1M -Xcompression-level 7, processors {count}", "-comp", "zstd", "-b", "1M",
                     "-Xcompression-level", 7, "-processors", count)


def cached(bench):
    heading("Cache of compressed blocks, balanced, 2 threads")
    options = ("--threads", 2, "--cache", bench.cache)
    bench.ours("ours, nothing cached, filling the cache", *options)
    bench.ours("ours, 100 % cached", *options)
    blocks = sorted(path for path in bench.cache.rglob("*") if path.is_file())
    for path in blocks[::20]:
        path.unlink()
    bench.ours("ours, 95 % cached", *options)
    count = bench.tree.change(0.01)
    bench.scan(f"read the folder again, {count} files changed")
    bench.ours("ours, 1 % of the files changed", *options)
    shutil.rmtree(bench.cache)


def codecs(bench):
    heading("Codecs, blocks of 128 KiB, 2 threads, ours and mksquashfs at the same level")
    zstd = ("-Xcompression-level",)
    for codec, level, flags in (("zstd", 15, (*zstd, 15)), ("zstd", 3, (*zstd, 3)), ("xz", 6, ()),
                                ("gzip", 9, ()), ("lz4", 1, ()), ("none", 1, None)):
        bench.ours(f"ours, {codec} {level}", "--codec", codec, "--level", level, "--block", 1 << 17, "--threads", 2)
        stored = ("-noI", "-noD", "-noF", "-noX")
        how = stored if flags is None else ("-comp", codec, *flags)
        bench.theirs(f"mksquashfs, {codec} {level}", *how, "-b", "128K", "-processors", 2)


def growth(bench):
    heading("Growth, 2 threads, zstd 3 and blocks of 1 MiB (preset fast), and balanced")
    found = {"mksquashfs, zstd 3, 1 MiB": [], "ours, fast": [], "ours, balanced": []}
    for size in (0.5, 1, 2, 4):
        bench.tree.grow(size * GB)
        bench.scan(f"{size} GB: read the folder")
        their, fast, balanced = found
        flags = ("-comp", "zstd", "-b", "1M", "-Xcompression-level", 3, "-processors", 2)
        found[their].append((size, bench.theirs(f"{size} GB: {their}", *flags)))
        found[fast].append((size, bench.ours(f"{size} GB: {fast}", "--preset", "fast", "--threads", 2)))
        found[balanced].append((size, bench.ours(f"{size} GB: {balanced}", "--threads", 2)))
    return found


def draw(bench, found, caption):
    PLOTS.mkdir(exist_ok=True)
    save = lambda name, drawing: (PLOTS / f"squashfs-{name}.svg").write_text(drawing)
    names = ["mksquashfs -comp xz -b 1M", "ours, small", "mksquashfs -comp zstd", "ours, balanced", "ours, fast",
             "ours, 1 % of the files changed", "ours, 95 % cached", "ours, 100 % cached"]
    colour = lambda name: 0 if name.startswith("mksq") else 3 if "cached" in name or "changed" in name else 1
    save("cpu", plot.bars("CPU seconds for a tree of 0.5 GB", "s",
                          [(name, bench.rows[name].cpu, colour(name)) for name in names], caption))
    save("size", plot.bars("Size of its image", "MB",
                           [(name, bench.rows[name].size / 1e6, colour(name)) for name in names[:5]], caption))
    codecs = [name for name in bench.rows if re.search(r", (zstd|xz|gzip|lz4|none) \d+$", name)]
    save("codecs", plot.bars("CPU seconds by codec, tree of 0.1 GB, blocks of 128 KiB", "s",
                             [(name, bench.rows[name].cpu, colour(name)) for name in codecs], caption))
    for name, unit, get in (("growth", "CPU s", lambda f: f.cpu), ("memory", "peak MB", lambda f: f.memory)):
        series = [(who, [(size, get(figures)) for size, figures in points]) for who, points in found.items()]
        save(name, plot.lines(f"{unit} as the tree grows", "GB", unit, series, caption))


def caption():
    first = lambda *command: subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())[1]
    lock = (ROOT / "Cargo.lock").read_text()
    zstd = re.search(r'name = "zstd-sys"\nversion = "([^"]*)"', lock)[1]
    return (f"{model}, {os.cpu_count()} processors, Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the start; "
            f"{first('mksquashfs', '-version')}; isoplug-formats with zstd-sys {zstd}. Command: benches/squashfs.py. "
            "The tree is made of the machine's /usr and of text, noise, equal files and holes made by the script.")


def run(folder):
    said = caption()
    print(said)
    bench = Bench(folder)
    bench.tree.grow(0.1 * GB)
    bench.scan("read 0.1 GB")
    codecs(bench)
    bench.tree.grow(0.5 * GB)
    presets(bench)
    cached(bench)
    found = growth(bench)
    draw(bench, found, said)


def main():
    needs.check(tools=["mksquashfs"], built={MKSQUASH: "cargo build --release -p isoplug-formats --example mksquash"},
                folder=sys.argv[1] if len(sys.argv) > 1 else None, gigabytes=20 * GB / 10**9)
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1]).resolve() / "squashfs-bench"
        folder.mkdir(parents=True)
        try:
            run(folder)
        finally:
            shutil.rmtree(folder)
        return
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        run(pathlib.Path(folder))


main()
