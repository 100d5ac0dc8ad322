// Verifies a bundle with a key in PEM as Sigstore's own program does, and that it is about the ISO: BUNDLE KEY ISO.
// No transparency log knows of it, so none is asked for.
const { createHash, createPublicKey } = require('crypto');
const { readFileSync } = require('fs');
const { bundleFromJSON } = require('@sigstore/bundle');
const { toSignedEntity, toTrustMaterial, Verifier } = require('@sigstore/verify');

const [file, pem, iso] = process.argv.slice(2);
const bundle = bundleFromJSON(JSON.parse(readFileSync(file)));
const publicKey = createPublicKey(readFileSync(pem));
const der = publicKey.export({ type: 'spki', format: 'der' });
const hint = createHash('sha256').update(der).digest('base64');
const find = (named) => {
  if (named !== hint) throw new Error(`the bundle names the key ${named}, not ${hint}`);
  return { publicKey, validFor: () => true };
};
const nobody = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
const threshold = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
new Verifier(toTrustMaterial(nobody, find), threshold).verify(toSignedEntity(bundle));
const statement = JSON.parse(bundle.content.dsseEnvelope.payload);
const sha256 = createHash('sha256').update(readFileSync(iso)).digest('hex');
if (statement.subject[0].digest.sha256 !== sha256) throw new Error('another ISO');
console.log(`${bundle.mediaType}, ${statement.predicateType}`);
