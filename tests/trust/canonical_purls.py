"""Holds that every package URL is written as its reader writes it again: BILL..."""
import re
import sys

from packageurl import PackageURL

wrong = seen = 0
for path in sys.argv[1:]:
    for purl in re.findall(r'"(pkg:[^"]+)"', open(path).read()):
        seen += 1
        if PackageURL.from_string(purl).to_string() != purl:
            wrong += 1
            print(purl, "->", PackageURL.from_string(purl).to_string())
print(f"{seen} package URLs, {wrong} not canonical")
sys.exit(wrong > 0 or seen == 0)
