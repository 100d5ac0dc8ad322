"""Validates a bill against the JSON schema of SPDX 2.3: SCHEMA BILL."""
import json
import sys

from jsonschema import Draft7Validator

schema, bill = (json.load(open(path)) for path in sys.argv[1:3])
errors = list(Draft7Validator(schema).iter_errors(bill))
for error in errors[:10]:
    print(list(error.path), error.message[:200])
print(f"{len(errors)} errors")
sys.exit(bool(errors))
