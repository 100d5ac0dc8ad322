#!/usr/bin/env python3
"""Builds one image without plugins and with ten of them, until nothing is left to do, then repeats both builds by turns
and prints how much longer the one with plugins takes: they are loaded, asked and found to answer as before.

    cargo build --release && benches/plugins.py [FOLDER]

Needs a network for the first build, and 2 GB in FOLDER [default: a temporary one, removed at the end].
"""
import os, pathlib, resource, statistics, subprocess, sys, tempfile, time

import needs

ROOT = pathlib.Path(__file__).resolve().parent.parent
ISOPLUG = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "release/isoplug"
FIXTURES = ROOT / "plugins/fixtures"
ROUNDS = 40

IMAGE = """
[image]
name = "bench"
[sources.debian]
suite = "trixie"
[profiles.bench]
extends = "isoplug:minimal"
"""
PLUGIN = """
[plugins.{name}]
path = "{path}"
[grants.{name}]
files = ["root:/etc/motd.d/**"]
merge = ["packages.install", "boot.kernel-params"]
kernel-params = ["isoplug.hello=*"]
"""


def project(folder, name, plugins):
    (folder / name).mkdir()
    manifest = IMAGE + "".join(PLUGIN.format(name=f"p{at}", path=path) for at, path in enumerate(plugins))
    (folder / name / "isoplug.toml").write_text(manifest)
    return [ISOPLUG, "build", "--quiet", "--store", folder / "store", folder / name]


def timed(command):
    """Wall and CPU milliseconds."""
    used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    before, start = used(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000, (used() - before) * 1000


def run(folder):
    plugins = [FIXTURES / name for name in ("hello-rust.wasm", "hello-c.wasm")] * 5
    commands = {"no plugin": project(folder, "none", []), "ten plugins": project(folder, "ten", plugins)}
    for command in commands.values():
        timed(command)
    rounds = [{name: timed(command) for name, command in commands.items()} for _ in range(ROUNDS)]
    wall, cpu = ({name: statistics.median(row[name][at] for row in rounds) for name in commands} for at in (0, 1))
    print(f"median of {ROUNDS} builds with nothing to do, by turns; load {os.getloadavg()[0]:.1f}\n")
    print(f"{'':12} {'wall ms':>8} {'CPU ms':>8}")
    for name in commands:
        print(f"{name:12} {wall[name]:8.1f} {cpu[name]:8.1f}")
    print(f"{'more':12} {wall['ten plugins'] - wall['no plugin']:8.1f} {cpu['ten plugins'] - cpu['no plugin']:8.1f}")


def main():
    needs.check(built={ISOPLUG: "cargo build --release"}, folder=sys.argv[1] if len(sys.argv) > 1 else None, gigabytes=2)
    if len(sys.argv) > 1:
        return run(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        run(pathlib.Path(folder))


main()
