"""Thirty rows about source packages that an image has installed, once in the tracker's form and once as the feed that
debsecan reads: ISOPLUG DEBSECAN STATUS-FILE ISO WORK-FOLDER.

Whatever isoplug calls affected, debsecan must list, and nothing else. It follows no Built-Using, so no row is about a source
that only was built into a package.
"""
import json
import pathlib
import subprocess
import sys
import zlib

isoplug, debsecan, status, iso, work = sys.argv[1:6]


def source(stanza):
    """Returns name and version of the source that a package was built from."""
    fields = dict(line.split(": ", 1) for line in stanza.splitlines() if not line.startswith(" ") and ": " in line)
    name, _, version = fields.get("Source", fields["Package"]).partition(" ")
    return name, version.strip("()") or fields["Version"]


sources = sorted({source(stanza) for stanza in open(status).read().strip().split("\n\n")})
tracker, names, feed = {}, [], []
for at, (name, version) in enumerate(sources[:: len(sources) // 30][:30]):
    # Never affected, fixed in this version, in an older one, in a newer one, in one that sorts before it, and open.
    fixed = ["0", version, "0.0~1", f"{version}+1", f"{version}~", None][at % 6]
    release = {"status": "open" if fixed is None else "resolved", "repositories": {"trixie": version}, "urgency": "not yet assigned"}
    if fixed is not None:
        release["fixed_version"] = fixed
    tracker.setdefault(name, {})[f"CVE-2026-{at:04}"] = {"description": "d", "releases": {"trixie": release}}
    names.append(f"CVE-2026-{at:04},,d")
    feed.append(f"{name},{at},S ?{'F' if fixed else ' '},{fixed or ''},")
folder = pathlib.Path(work, "feed")
folder.mkdir(exist_ok=True)
text = "VERSION 1\n" + "\n".join(names) + "\n\n" + "\n".join(feed) + "\n\n\n"
(folder / "trixie").write_bytes(zlib.compress(text.encode()))
data = folder / "tracker.json"
data.write_text(json.dumps(tracker))

ours = subprocess.run([isoplug, "cve", iso, "--db", data, "--format", "json"], capture_output=True, text=True, check=True).stdout
ours = {it["id"]: it["word"] for it in json.loads(ours)["findings"]}
theirs = subprocess.run([debsecan, "--suite", "trixie", "--source", f"file://{folder}", "--status", status, "--format", "simple"],
                        capture_output=True, text=True, check=True).stdout
theirs = {line.split()[0] for line in theirs.splitlines() if line.startswith("CVE-")}
affected = {id for id, word in ours.items() if word not in ("fixed", "never-affected", "vex")}
for id in sorted(affected ^ theirs):
    print(f"{id}: isoplug says {ours.get(id)}, debsecan {'lists it' if id in theirs else 'does not list it'}")
print(f"{len(feed)} rows, {len(theirs)} affected, {len(affected ^ theirs)} differ")
sys.exit(affected != theirs or len(ours) != len(feed))
