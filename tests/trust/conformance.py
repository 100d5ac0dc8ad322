"""Tells what ossbomer finds in a bill by a profile of it: OSSBOMER-CONFORMANCE BILL PROFILE [RULE...].

The rules are those that the bill may miss, with the reason in docs/trust.md; any other one fails.
"""
import collections
import json
import subprocess
import sys

program, bill, profile, *known = sys.argv[1:]
said = subprocess.run([program, "--file", bill, "--profile", profile, "--json-output"], capture_output=True, text=True)
findings = json.loads(said.stdout)["results"][0]["findings"]
missed = collections.Counter(one["rule_id"] for one in findings if one["verdict"] == "FAIL")
new = {rule: number for rule, number in missed.items() if rule not in known}
held = sum(one["verdict"] == "PASS" for one in findings)
print(", ".join(f"{rule} {number}" for rule, number in (new or missed).items()) or "conformant", f"({held} held)")
sys.exit(bool(new) or not held)
