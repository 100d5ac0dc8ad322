"""Thirty rows of the tracker's shape about source packages of an image: ISOPLUG DEBSBOM ISO WORK-FOLDER.

Whatever isoplug calls affected or not judged, debsbom must list, and nothing else.
"""
import itertools
import json
import subprocess
import sys

isoplug, debsbom, iso, work = sys.argv[1:5]
bill = json.load(open(f"{iso}.cdx.json"))
sources = sorted({(c["name"], c["version"]) for c in bill["components"] if "arch=source" in c.get("purl", "")})


def states(version):
    """Every state of the tracker, with versions around the one that is there."""
    yield from ((status, fixed, urgency, None)
                for status, fixed in [("resolved", "0"), ("resolved", version), ("resolved", "0.0~1"),
                                      ("resolved", f"{version}+1"), ("open", None), ("undetermined", None)]
                for urgency in ["not yet assigned", "unimportant", "end-of-life", "low"])
    yield from (("open", None, "not yet assigned", reason) for reason in ["", "ignored", "postponed"])
    yield from (("resolved", f"{version}+1", "not yet assigned", reason) for reason in ["", "ignored", "postponed"])


tracker, count = {}, 0
for at, (name, version) in zip(range(30), itertools.cycle(sources[:: max(1, len(sources) // 30)])):
    status, fixed, urgency, reason = list(states(version))[at]
    release = {"status": status, "repositories": {"trixie": version}, "urgency": urgency}
    if fixed is not None:
        release["fixed_version"] = fixed
    if reason is not None:
        release |= {"nodsa": "Minor issue", "nodsa_reason": reason}
    tracker.setdefault(name, {})[f"CVE-2026-{at:04}"] = {"description": "d", "releases": {"trixie": release}}
    count += 1
json.dump(tracker, open(f"{work}/thirty.json", "w"))

ours = subprocess.run([isoplug, "cve", iso, "--db", f"{work}/thirty.json", "--format", "json"],
                      capture_output=True, text=True, check=True).stdout
ours = {it["id"]: it["word"] for it in json.loads(ours)["findings"]}
theirs = subprocess.run([debsbom, "sec-scan", "--db", f"{work}/thirty.json", "--distro", "trixie", f"{iso}.cdx.json"],
                        capture_output=True, text=True, check=True).stdout
theirs = {line.split()[1] for line in theirs.splitlines() if "CVE-" in line}
affected = {id for id, word in ours.items() if word not in ("fixed", "never-affected", "vex")}
for id in sorted(affected ^ theirs):
    print(f"{id}: isoplug says {ours.get(id)}, debsbom {'lists it' if id in theirs else 'does not list it'}")
print(f"{count} rows, {len(theirs)} affected or not judged, {len(affected ^ theirs)} differ")
sys.exit(affected != theirs or len(ours) != count)
