"""Compares the licences of a bill with those that debsbom's reader of copyright files finds: ROOT BILL.

ROOT is the unpacked image. debsbom gives up on a file with one word that SPDX's list lacks; such a package is not
compared. Licences are compared as sets of identifiers. A word that only looks like one of SPDX's list is one for debsbom and
LicenseRef-Debian-WORD here, since its text may be another: both count as the same. So does `Artistic` without a version,
which the format of copyright files does not explain and debsbom takes for 1.0.
"""
import json
import pathlib
import re
import sys

from debsbom.apt.copyright import Copyright

root, bill = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2]))


def identifiers(text):
    words = (word for word in re.split(r"[\s()]+", text) if word and word not in ("AND", "OR", "WITH"))
    plain = (word.removeprefix("LicenseRef-Debian-").lower() for word in words)
    return {"artistic" if word == "artistic-1.0" else word for word in plain}


ours = {}
for component in bill["components"]:
    for licence in component.get("licenses", []):
        ours[component["name"]] = identifiers(licence.get("expression", ""))
same, other, unread = 0, [], 0
for name in sorted({component["name"] for component in bill["components"] if "arch=source" not in component.get("purl", "")}):
    path = root / "usr/share/doc" / name / "copyright"
    if not path.exists():
        continue
    try:
        theirs = set().union(*(identifiers(str(one)) for one in Copyright(path).spdx_license_expressions()))
    except Exception as error:  # each file of another form has an error of its own
        unread += 1
        continue
    if theirs == ours.get(name):
        same += 1
    else:
        other.append(f"{name}: {sorted(theirs ^ ours.get(name, set()))}")
print("; ".join(other[:3]) or f"{same} packages the same, {unread} that it does not read")
sys.exit(bool(other) or not same)
