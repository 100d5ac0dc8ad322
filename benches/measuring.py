"""Runs a command and measures it with all that it starts; knows the archive that tools by hand take packages from."""
import dataclasses, os, pathlib, subprocess, sys, threading, time

# Seconds between two looks: short at first, for short commands.
SHORTEST, LONGEST = 0.005, 0.5


@dataclasses.dataclass
class Figures:
    """CPU and wall in seconds; memory of all processes at once, of the largest, and of those of one program at once, in
    MB; disk in bytes."""
    cpu: float
    wall: float
    memory: float
    largest: float
    disk: int = 0
    own: float = 0

    @staticmethod
    def sum(rows):
        rows = list(rows)
        most = lambda name: max(getattr(row, name) for row in rows)
        return Figures(sum(row.cpu for row in rows), sum(row.wall for row in rows), most("memory"), most("largest"))


def measure(command, disk=None, own=None, **options):
    """Runs a command to its end. `disk`: a folder whose largest size is wanted, too; `own`: a program whose processes'
    memory is."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
    watch = Watch(child.pid, disk, own)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    memory, most, of_own = watch.end()
    if status:
        last = said.decode(errors="replace")[-2000:]
        sys.exit(f"{' '.join(map(str, command))} failed ({os.waitstatus_to_exitcode(status)}):\n{last}")
    largest = usage.ru_maxrss / 1000
    return Figures(usage.ru_utime + usage.ru_stime, wall, max(memory, 0) or largest, largest, most, of_own)


class Watch:
    """Looks again and again at what a process and its descendants use."""

    def __init__(self, pid, disk, own):
        self.pid, self.disk, self.program = pid, disk, own and os.fspath(own)
        self.memory, self.own, self.most = 0, 0, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        pause = SHORTEST
        while True:
            memory, own = memory_of(self.pid, self.program)
            self.memory, self.own = max(self.memory, memory), max(self.own, own)
            if self.disk:
                self.most = max(self.most, disk_of(self.disk))
            if self.over.wait(pause):
                return
            pause = min(pause * 1.1, LONGEST)

    def end(self):
        self.over.set()
        self.thread.join()
        return self.memory, self.most, self.own


def memory_of(pid, program=None):
    """MB that a process and its descendants have in memory, and those of them that run a program; what they share counts
    once."""
    parents, total, own = {}, 0, 0
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            parents[int(entry.name)] = int(fields[1])
        except (OSError, IndexError):
            pass
    for process in parents:
        if pid in ancestors(process, parents):
            share = share_of(process)
            total += share
            own += share if runs(process, program) else 0
    return total / 1000, own / 1000


def runs(process, program):
    try:
        return program is not None and os.readlink(f"/proc/{process}/exe") == program
    except OSError:
        return False


def ancestors(process, parents):
    while process in parents:
        yield process
        process = parents[process]


def share_of(process):
    """The proportional share of a process, in kB."""
    try:
        for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def disk_of(folder):
    """Bytes that a folder takes on the disk; a file with several names counts once."""
    seen, total, waiting = set(), 0, [os.fspath(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            if (found.st_dev, found.st_ino) not in seen:
                seen.add((found.st_dev, found.st_ino))
                total += found.st_blocks * 512
    return total


def mirror():
    """The archive that this machine's apt takes Debian from, without a slash at its end."""
    return named_mirror().rstrip("/")


def named_mirror():
    """The same as somebody wrote it."""
    if "ISOPLUG_MIRROR" in os.environ:
        return os.environ["ISOPLUG_MIRROR"]
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)"],
                            capture_output=True, text=True).stdout.splitlines()
    found = [line.split()[2] for line in listed if line.startswith("Debian Debian ")]
    return found[0] if found else "http://deb.debian.org/debian"
