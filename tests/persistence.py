"""Boots a stick with an image that keeps what is changed, and looks whether it does: `persistence.py KIND ISO FOLDER`.

Chooses the entry of the boot menu over the serial line, as a person would, answers what is asked, and runs commands in the
shell that is logged in. What came over the line is left in FOLDER.
"""
import atexit, os, pathlib, re, shutil, socket, subprocess, sys, tempfile, time

KIND, ISO, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
LIMIT = 900
PASSPHRASE = "open sesame"


def entry():
    """Returns how many entries of the menu stand above the one that keeps what is changed."""
    menu = FOLDER / "grub.cfg"
    subprocess.run(
        ["xorriso", "-osirrox", "on", "-indev", ISO, "-extract", "/boot/grub/grub.cfg", menu],
        capture_output=True, check=True,
    )
    titles = re.findall(r"^\s*menuentry\s+['\"](.*?)['\"]", menu.read_text(), re.M)
    return next(at for at, title in enumerate(titles) if "persistence" in title)


class Machine:
    """A machine that boots a stick or a disc."""

    def __init__(self, name, medium):
        self.log, self.seen, self.from_here = open(FOLDER / f"{name}.log", "wb"), "", 0
        self.line = os.path.join(tempfile.mkdtemp(), "line")
        drive = f"file={medium},format=raw,if=none,id=medium"
        where = ["-device", "ide-cd,drive=medium"] if KIND == "disc" else ["-device", "usb-storage,drive=medium"]
        if KIND == "disc":
            drive += ",readonly=on,media=cdrom"
        command = ["qemu-system-x86_64", "-m", "1536", "-display", "none", "-no-reboot", "-device", "qemu-xhci", "-nic", "none",
                   "-drive", drive, *where, "-chardev", f"socket,id=line,path={self.line},server=on,wait=off",
                   "-serial", "chardev:line"]
        self.process = subprocess.Popen(command)
        atexit.register(self.process.kill)
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                self.socket.connect(self.line)
                break
            except OSError:
                time.sleep(0.1)
        self.socket.settimeout(1)

    def wait(self, *patterns):
        """Waits until one of the patterns comes; returns which."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            rest = self.seen[self.from_here:]
            for at, pattern in enumerate(patterns):
                if found := re.search(pattern, rest):
                    self.from_here += found.end()
                    return at
            try:
                got = self.socket.recv(65536)
            except TimeoutError:
                continue
            if not got:
                break
            self.log.write(got)
            self.log.flush()
            self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", got.decode("utf-8", "replace"))
        sys.exit(f"none of {patterns} came; the last lines: {self.seen[-600:]!r}")

    def type(self, text):
        for each in text:
            self.socket.sendall(each.encode())
            time.sleep(0.02)

    def choose(self, down):
        self.wait("GRUB version", "executed automatically")
        for _ in range(down):
            self.socket.sendall(b"\x1b[B")
            time.sleep(0.5)
        self.socket.sendall(b"\r")

    def run(self, command):
        """Runs a command in the shell; returns what it said."""
        self.type(f"echo beg''in; {command}; echo en''d $?\r")
        self.wait(r"begin\r?\n")
        start = self.from_here
        self.wait(r"end (\d+)")
        return self.seen[start:self.from_here]

    def off(self):
        self.type("sync; systemctl poweroff\r")
        # Who does not listen holds the machine up.
        end = time.monotonic() + LIMIT
        while self.process.poll() is None and time.monotonic() < end:
            try:
                self.log.write(self.socket.recv(65536))
            except OSError:
                continue
        self.process.wait(1)
        self.log.close()


def shell(machine):
    """Waits for the shell, and answers whoever asks for a passphrase."""
    while True:
        which = machine.wait(r"([Pp]assphrase|unlock disk)[^\n]*:\s", r"root@[^\n]*# ")
        if which == 1:
            return
        time.sleep(1)
        machine.type(PASSPHRASE + "\r")


def boot(name, medium):
    down = entry()
    machine = Machine(name, medium)
    machine.choose(down)
    shell(machine)
    return machine


def holds(said, pattern, what):
    if not re.search(pattern, said):
        sys.exit(f"{what}: {said!r}")
    print(what)


def stick():
    medium = FOLDER / "stick.img"
    shutil.copyfile(ISO, medium)
    os.truncate(medium, medium.stat().st_size + (1 << 30))
    one = boot("first", medium)
    made = one.run("until systemctl is-active isoplug-persistence; do sleep 2; done; journalctl --no-pager -q -o cat -u isoplug-persistence; lsblk -o NAME,SIZE,FSTYPE,PARTLABEL")
    holds(made, "From the next boot on", "the first boot makes the partition")
    holds(made, "600M .*isoplug-[0-9a-f]{7}", "it has its size and its name")
    one.off()
    two = boot("second", medium)
    holds(two.run("grep ' / ' /proc/mounts"), "upperdir=/run/live/persistence/", "the second boot uses it")
    two.run("echo marker-of-the-second-boot >/root/marker")
    two.off()
    three = boot("third", medium)
    holds(three.run("cat /root/marker"), "marker-of-the-second-boot", "the third boot has what the second one left")
    three.off()
    subprocess.run(["sgdisk", "--verify", str(medium)], check=True, stdout=subprocess.DEVNULL)
    print("three boots keep what was changed, and the table is sound")
    medium.unlink()


def disc():
    machine = boot("disc", ISO)
    said = machine.run("until systemctl is-active isoplug-persistence; do sleep 2; done; journalctl --no-pager -q -o cat -u isoplug-persistence")
    holds(said, r"Nothing is kept: .*(read-only|whole disk)", "a disc says that nothing is kept")
    machine.off()


disc() if KIND == "disc" else stick()
