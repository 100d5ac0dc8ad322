"""Grows the folder that is its argument, to each size in bytes that a line of its input says, out of what a root
filesystem is made of; a line with a share, such as 0.01, makes that share of the files of /usr a little longer.

Three quarters are files of this machine's /usr (as many large and small ones at any size of the folder), the
rest is made here: text, bytes that no codec shrinks, files that are there already, and holes. The same machine and
size give the same bytes.
"""
import hashlib, os, pathlib, random, shutil, sys

LARGEST = 16 << 20
SHARES = {"usr": 0.75, "text": 0.10, "noise": 0.05, "equal": 0.05, "holes": 0.05}


class Grower:
    def __init__(self, folder):
        self.folder, self.random, self.count = pathlib.Path(folder), random.Random(1), 0
        self.grown = dict.fromkeys(SHARES, 0)
        self.usr = iter(files_of_usr())
        self.copied = []
        self.words = [hashlib.blake2b(b"%d" % i, digest_size=2 + i % 4).hexdigest().encode() for i in range(5000)]

    def grow(self, size):
        """Adds files until the folder has `size` bytes."""
        for kind, share in SHARES.items():
            while self.grown[kind] < size * share:
                self.grown[kind] += getattr(self, kind + "_file")()

    def usr_file(self):
        path = next(self.usr)
        target = self.folder / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        shutil.copymode(path, target)
        self.copied.append(target)
        return target.stat().st_size

    def text_file(self):
        words = self.random.choices(self.words, weights=None, k=self.length() // 8 + 1)
        return self.put("text", ".txt", b" ".join(words))

    def noise_file(self):
        return self.put("noise", ".xz", self.random.randbytes(self.length()))

    def equal_file(self):
        return self.put("equal", ".bin", self.random.choice(self.copied).read_bytes())

    def holes_file(self):
        path, size = self.path("holes", ".img"), 8 << 20
        with open(path, "wb") as file:
            file.truncate(size)
            for at in range(0, size, 2 << 20):
                file.seek(at)
                file.write(self.random.randbytes(4096))
        return size

    def length(self):
        return min(int(self.random.lognormvariate(9, 1.6)) + 1, LARGEST)

    def put(self, kind, extension, content):
        self.path(kind, extension).write_bytes(content)
        return len(content)

    def path(self, kind, extension):
        self.count += 1
        folder = self.folder / kind / str(self.count // 200)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self.count}{extension}"


def files_of_usr():
    """The files of /usr in an order that says nothing about them."""
    found = []
    for folder, names, files in os.walk("/usr"):
        names[:] = [name for name in names if not os.path.islink(os.path.join(folder, name))]
        for name in files:
            path = pathlib.Path(folder, name)
            if not path.is_symlink() and path.is_file() and path.stat().st_size <= LARGEST:
                found.append(path)
    return sorted(found, key=lambda path: hashlib.md5(os.fsencode(path)).digest())


def change(folder, share):
    """Lets a share of the files grow by a few bytes; returns how many."""
    files = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())
    chosen = random.Random(2).sample(files, max(1, int(len(files) * share)))
    for path in chosen:
        with open(path, "ab") as file:
            file.write(b"changed\n")
    return len(chosen)


def main():
    grower = Grower(sys.argv[1])
    for line in sys.stdin:
        number = float(line)
        print(change(grower.folder / "usr", number) if number < 1 else grower.grow(number), flush=True)


main()
