#!/usr/bin/env python3
"""Compares NAME.iso.sources.json with what apt-get source finds in a root of its own.

usage: apt_sources.py LIST FOLDER GONE

Every file of the list that apt knows must have apt's address and digest. The addresses that the mirror answers with
404, for apt as for everybody, are written to GONE, one a line.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import urllib.parse

listed, folder, gone = sys.argv[1:]
ARCHIVES = {"debian": "http://deb.debian.org/debian", "debian-security": "http://deb.debian.org/debian-security"}
KEY = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITES = [("debian", "trixie"), ("debian", "trixie-updates"), ("debian-security", "trixie-security")]

for part in ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/sources.list.d", "etc/apt/trusted.gpg.d",
             "var/lib/apt/lists/partial", "var/lib/dpkg", "var/cache/apt/archives/partial"):
    os.makedirs(f"{folder}/{part}", exist_ok=True)
open(f"{folder}/var/lib/dpkg/status", "a").close()
with open(f"{folder}/etc/apt/sources.list", "w") as out:
    for archive, suite in SUITES:
        out.write(f"deb-src [signed-by={KEY}] {ARCHIVES[archive]} {suite} main non-free-firmware\n")
with open(f"{folder}/apt.conf", "w") as out:
    out.write(f'Dir "{folder}";\nDir::State::status "{folder}/var/lib/dpkg/status";\nAPT::Sandbox::User "root";\n')
environment = {**os.environ, "APT_CONFIG": f"{folder}/apt.conf"}
subprocess.run(["apt-get", "-qq", "update"], env=environment, check=True)

sources = json.load(open(listed))["sources"]
ours, theirs = {}, {}
for source in sources:
    for file in source["files"]:
        address = f"{ARCHIVES[source['archive']]}/{file['path']}"
        ours[os.path.basename(address)] = (address, file["sha256"], file["size"])
names = [f"{source['name']}={source['version']}" for source in sources]
command = ["apt-get", "source", "--print-uris", "--only-source", "-o", "Acquire::ForceHash=SHA256"]
missing = []
for name in names:
    told = subprocess.run(command + [name], env=environment, capture_output=True, text=True)
    rows = re.findall(r"^'([^']+)' (\S+) (\d+) SHA256:(\S+)", told.stdout, re.M)
    if not rows:
        missing.append(name)
    for address, file, size, digest in rows:
        address = urllib.parse.unquote(address)
        theirs[os.path.basename(address)] = (address, digest, int(size))
differ = [file for file, theirs_of in theirs.items() if ours.get(file) != theirs_of]


def absent(address):
    command = ["curl", "--silent", "--head", "--retry", "5", "--retry-all-errors", "--output", "/dev/null",
               "--write-out", "%{http_code}", urllib.parse.quote(address, safe=":/~")]
    told = subprocess.run(command, capture_output=True, text=True).stdout
    if told not in ("200", "403", "404", "410"):
        sys.exit(f"{address}: HTTP status {told}")
    return told != "200"


addresses = sorted(address for address, _, _ in ours.values())
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    lacking = [address for address, is_gone in zip(addresses, pool.map(absent, addresses)) if is_gone]
with open(gone, "w") as out:
    out.writelines(f"{address}\n" for address in lacking)
for file in differ:
    print(f"{file}: isoplug says {ours.get(file)}, apt {theirs[file]}")
print(f"{len(ours)} files of {len(sources)} source packages; apt names {len(theirs)} of them, {len(differ)} differ, "
      f"does not know {missing}; the mirror lacks {len(lacking)}")
sys.exit(bool(differ) or len(theirs) < len(ours))
