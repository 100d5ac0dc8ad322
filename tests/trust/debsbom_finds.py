"""A scanner that finds nothing exits 0, so it is given what must be found: DEBSBOM BILL WORK-FOLDER."""
import json
import subprocess
import sys

debsbom, bill, work = sys.argv[1:4]
names = ["bash", "linux", "shim", "grub2"]
entry = {"releases": {"trixie": {"status": "open", "repositories": {"trixie": "1"}, "urgency": "not yet assigned"}}}
tracker = {name: {f"CVE-2026-{at:04}": entry} for at, name in enumerate(names, 1)}
path = f"{work}/tracker.json"
json.dump(tracker, open(path, "w"))
run = [debsbom, "sec-scan", "--db", path, "--distro", "trixie", bill]
found = subprocess.run(run, capture_output=True, text=True).stdout
missing = [name for name in names if f"{name}@" not in found]
print(f"not found: {missing}" if missing else f"all {len(names)} found")
sys.exit(bool(missing))
