"""Verifies each envelope with a key in PEM, and that the first subject is the ISO: LINES KEY ISO."""
import base64
import hashlib
import json
import sys

from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

lines, pem, iso = sys.argv[1:4]
key = SSlibKey.from_crypto(load_pem_public_key(open(pem, "rb").read()))
wanted = hashlib.file_digest(open(iso, "rb"), "sha256").hexdigest()
count = 0
for line in open(lines):
    data = json.loads(line)
    for signature in data["signatures"]:
        key.keyid = signature["keyid"]
    Envelope.from_dict(data).verify([key], 1)
    statement = json.loads(base64.b64decode(data["payload"]))
    assert statement["subject"][0]["digest"]["sha256"] == wanted, "another ISO"
    count += 1
print(f"{count} envelopes")
sys.exit(count != 3)
