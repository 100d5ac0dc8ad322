"""Reads each payload as a statement of in-toto, and the provenance as a predicate of SLSA: LINES."""
import base64
import json
import sys

from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.resource_descriptor_pb2 import ResourceDescriptor

count = 0
for line in open(sys.argv[1]):
    payload = json.loads(base64.b64decode(json.loads(line)["payload"]))
    subjects = [ParseDict(one, ResourceDescriptor()) for one in payload["subject"]]
    statement = Statement(subjects, payload["predicateType"], payload["predicate"])
    statement.validate()
    if payload["predicateType"] == "https://slsa.dev/provenance/v1":
        read = ParseDict(payload["predicate"], Provenance())
        assert read.build_definition.build_type and read.run_details.builder.id
        count += len(read.build_definition.resolved_dependencies)
print(f"{count} resolved dependencies")
sys.exit(count == 0)
