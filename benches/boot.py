#!/usr/bin/env python3
"""From power-on to a shell, and the memory that is taken then, of images side by side.

    benches/boot.py [--runs N] [--memory MIB] [--json FILE] NAME=ISO...
    sudo benches/boot.py --make FOLDER

Each image boots from a disc in QEMU, its kernel handed over, so that no menu waits; the image must log somebody in on the
first serial line by itself. They take turns, so that all meet the same machine. The times are those of a machine without
KVM where /dev/kvm does not work. Needs qemu-system-x86 and xorriso. `--make` builds an image of the packages of
benches/compare.py by isoplug, the same by live-build, and takes those two; it needs root, live-build and a network.
"""
import argparse, json, os, pathlib, re, select, socket, statistics, subprocess, sys, tempfile, time

import compare, needs
from measuring import mirror

# A shell's first prompt; programs that ask a terminal for its cursor write escapes around it.
PROMPT = re.compile(rb"[a-z]+@[\w.-]+:[^\r\n]*[$#] ")
LIMIT = 1200
# Of the memory that the kernel can give to programs, what is not available any more: proc_meminfo(5).
ASK = b"awk '/^MemTotal/{t=$2} /^MemAvailable/{a=$2} END{print \"taken=\" t-a \"=\"}' /proc/meminfo\n"


class Boot:
    """A machine that boots an image, and what its serial line said."""

    def __init__(self, folder, iso, memory):
        kernel, initrd, parameters = unpack(folder, iso)
        line = folder / "line"
        line.unlink(missing_ok=True)
        self.begin = time.monotonic()
        self.process = subprocess.Popen([
            "qemu-system-x86_64", "-machine", "q35", "-cpu", "max" if usable_kvm() else "Nehalem", "-smp", "2", "-m", str(memory),
            *(["-accel", "kvm"] if usable_kvm() else ["-accel", "tcg"]), "-display", "none", "-nic", "none",
            "-kernel", kernel, "-initrd", initrd, "-append", f"{parameters} console=ttyS0,115200", "-cdrom", iso,
            "-chardev", f"socket,id=line,path={line},server=on,wait=off", "-serial", "chardev:line"])
        self.seen, self.socket = b"", connect(line)

    def until(self, pattern):
        """Waits for a text on the serial line; returns the match."""
        while not (found := re.search(pattern, self.seen)):
            if time.monotonic() - self.begin > LIMIT:
                sys.exit(f"nothing came within {LIMIT} s; the last of it: {self.seen[-300:]!r}")
            if select.select([self.socket], [], [], 1)[0]:
                if not (said := self.socket.recv(65536)):
                    sys.exit(f"the machine went off; the last of it: {self.seen[-300:]!r}")
                self.seen += said
        return found

    def end(self):
        self.process.kill()
        self.process.wait()


def usable_kvm():
    return os.access("/dev/kvm", os.W_OK) and "BOOT_KVM" in os.environ


def connect(path):
    line = socket.socket(socket.AF_UNIX)
    while True:
        try:
            line.connect(str(path))
            return line
        except OSError:
            time.sleep(0.05)


def unpack(folder, iso):
    """Takes kernel and initrd out of an image of isoplug or of live-build; returns them and their parameters."""
    files = subprocess.run(["xorriso", "-indev", iso, "-find", "/", "-type", "f", "-name", "*"], capture_output=True, text=True).stdout
    names = [name.strip("'") for name in files.splitlines()]
    kernel = next(name for name in names if re.search(r"/(boot|live)/vmlinuz", name))
    initrd = next(name for name in names if re.search(r"/(boot|live)/initrd", name))
    for source, target in ((kernel, "kernel"), (initrd, "initrd")):
        (folder / target).unlink(missing_ok=True)
        subprocess.run(["xorriso", "-osirrox", "on", "-indev", iso, "-extract", source, folder / target], check=True, capture_output=True)
    return folder / "kernel", folder / "initrd", "boot=live" if kernel.startswith("/boot") else "boot=live components"


def measure(iso, memory):
    """Boots an image once; returns the seconds to its shell and the MiB that are taken then."""
    with tempfile.TemporaryDirectory() as folder:
        boot = Boot(pathlib.Path(folder), iso, memory)
        try:
            boot.until(PROMPT)
            seconds = time.monotonic() - boot.begin
            boot.socket.sendall(ASK)
            taken = int(boot.until(rb"taken=(\d+)=").group(1)) / 1024
        finally:
            boot.end()
    return seconds, taken


# Logs root in on the first serial line; isoplug's own option does the same.
LOGIN = {"etc/systemd/system/serial-getty@ttyS0.service.d/login.conf":
         "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root --keep-baud 115200,57600,38400,9600 - $TERM\n"}


def make(folder):
    """Builds the image of isoplug and that of live-build; returns their paths."""
    needs.check(tools=["lb", "xorriso"], built={compare.ISOPLUG: "cargo build --release"}, folder=folder, gigabytes=8, root=True)
    project, work = folder / "project", folder / "live-build"
    project.mkdir(parents=True)
    login = 'services.getty.autologin-user = "root"\n[[profiles.bench.files]]'
    (project / "isoplug.toml").write_text(compare.manifest().replace("[[profiles.bench.files]]", login))
    line = [compare.ISOPLUG, "build", "--quiet", "--store", folder / "store", project]
    ours = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    compare.live_build(work, mirror(), LOGIN)
    return {"isoplug": ours, "live-build": next(work.glob("*.iso"))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="how often each boots [default: 3]")
    parser.add_argument("--memory", type=int, default=2048, help="of each machine, in MiB [default: 2048]")
    parser.add_argument("--json", type=pathlib.Path, help="write all figures there")
    parser.add_argument("--make", type=pathlib.Path, metavar="FOLDER", help="build the two images there first")
    parser.add_argument("images", nargs="*", metavar="NAME=ISO")
    arguments = parser.parse_args()
    images = make(arguments.make) if arguments.make else dict(image.split("=", 1) for image in arguments.images)
    if not images:
        parser.error("name the images, or let them be made with --make")
    figures = {name: [] for name in images}
    for _ in range(arguments.runs):
        for name, iso in images.items():
            figures[name].append(measure(iso, arguments.memory))
            print(f"{name}: {figures[name][-1][0]:.1f} s, {figures[name][-1][1]:.0f} MiB", file=sys.stderr)
    print("| image | to a shell, s | of these | memory taken, MiB |\n| --- | --- | --- | --- |")
    for name, rows in figures.items():
        times, taken = zip(*rows)
        print(f"| {name} | {statistics.median(times):.0f} | {', '.join(f'{t:.0f}' for t in times)} | {statistics.median(taken):.0f} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


main()
