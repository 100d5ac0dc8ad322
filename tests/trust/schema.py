"""Validates a document against the JSON schema of its format, in the draft that the schema names: SCHEMA DOCUMENT."""
import json
import sys

from jsonschema.validators import validator_for

schema, document = (json.load(open(path)) for path in sys.argv[1:3])
errors = list(validator_for(schema)(schema).iter_errors(document))
for error in errors[:10]:
    print(list(error.path), error.message[:200])
print(f"{len(errors)} errors")
sys.exit(bool(errors))
