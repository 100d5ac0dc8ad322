"""Validates a bill strictly as CycloneDX 1.6: BILL."""
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
print("valid" if error is None else str(error)[:500])
sys.exit(error is not None)
