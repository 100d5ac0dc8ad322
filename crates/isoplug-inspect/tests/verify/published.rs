//! An image with all that is published beside it.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isoplug_inspect::image::Image;
use isoplug_inspect::report::check;
use isoplug_inspect::verify::bills::{self, Pinned};
use isoplug_inspect::verify::keys::Key;
use isoplug_inspect::verify::refusal::Refusal;
use isoplug_inspect::verify::signature::{self, Policy};
use isoplug_inspect::verify::{Report, Step, checksum};
use minisign::KeyPair;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};

use super::made::Made;

/// A published image: signed, with a bill, a provenance and a lock.
pub(crate) struct Published {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) iso: PathBuf,
    pub(crate) digest: String,
    pub(crate) pair: KeyPair,
}

pub(crate) const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

impl Published {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let iso = Made::new().write(folder.path(), "a");
        let digest = digest(&iso);
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let published = Self { folder, iso, digest, pair };
        published.write("a.iso.lock", "version = 1\n");
        published.write("a.iso.spdx.json", &published.bill("1.0-1").to_string());
        published.write("a.iso.provenance.json", &published.provenance(1_700_000_000).to_string());
        published.sums();
        published.sign();
        published
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn bill(&self, version: &str) -> Value {
        let sum = |sum: &str| json!([{ "algorithm": "SHA256", "checksumValue": sum }]);
        json!({ "packages": [
            { "SPDXID": "SPDXRef-Image", "name": "a", "checksums": sum(&self.digest) },
            { "name": "tool", "versionInfo": version, "checksums": sum(SHA) },
        ] })
    }

    pub(crate) fn provenance(&self, epoch: u64) -> Value {
        let lock = digest(&self.path("a.iso.lock"));
        json!({ "buildDefinition": {
            "internalParameters": { "epoch": epoch },
            "resolvedDependencies": [
                { "name": "isoplug.lock", "digest": { "sha256": lock } },
                { "name": "tool_1.0-1_amd64.deb", "digest": { "sha256": SHA } },
            ],
        } })
    }

    pub(crate) fn sums(&self) {
        let names = ["a.iso", "a.iso.lock", "a.iso.spdx.json", "a.iso.provenance.json"];
        let lines = names.map(|name| format!("{}  {name}\n", digest(&self.path(name))));
        self.write("SHA256SUMS", &lines.concat());
    }

    /// Signs the image, the list, and the statement of the provenance.
    pub(crate) fn sign(&self) {
        for name in ["a.iso", "SHA256SUMS"] {
            let bytes = fs::read(self.path(name)).unwrap();
            let comment = format!("{name} sha256:{}", self.digest);
            let signed = minisign::sign(
                Some(&self.pair.pk),
                &self.pair.sk,
                Cursor::new(bytes),
                Some(&comment),
                None,
            );
            self.write(&format!("{name}.minisig"), &signed.unwrap().into_string());
        }
        self.state(&self.digest, "a.iso");
    }

    /// States the provenance of an image.
    pub(crate) fn state(&self, digest: &str, name: &str) {
        let predicate: Value =
            serde_json::from_slice(&fs::read(self.path("a.iso.provenance.json")).unwrap()).unwrap();
        let payload = json!({
            "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1",
            "subject": [{ "name": name, "digest": { "sha256": digest } }], "predicate": predicate,
        });
        let (payload, kind) = (payload.to_string(), "application/vnd.in-toto+json");
        let pae = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
        let seed = &self.pair.sk.to_bytes()[62..94];
        let signature = Ed25519KeyPair::from_seed_unchecked(seed).unwrap().sign(pae.as_bytes());
        let envelope = json!({
            "payloadType": kind, "payload": STANDARD.encode(payload),
            "signatures": [{ "keyid": self.key().sha256(), "sig": STANDARD.encode(signature) }],
        });
        self.write("a.iso.intoto.jsonl", &format!("{envelope}\n"));
    }

    /// Puts the line of the provenance into a bundle of Sigstore, with another text in the place of one; the line goes.
    pub(crate) fn bundle(&self, from: &str, to: &str) {
        let line = fs::read_to_string(self.path("a.iso.intoto.jsonl")).unwrap();
        let envelope: Value = serde_json::from_str(&line.replace(from, to)).unwrap();
        let bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": { "publicKey": { "hint": "" }, "tlogEntries": [] },
            "dsseEnvelope": envelope,
        });
        self.write("a.iso.sigstore.json", &bundle.to_string());
        fs::remove_file(self.path("a.iso.intoto.jsonl")).unwrap();
    }

    pub(crate) fn key(&self) -> Key {
        Key::parse("acme", &self.pair.pk.to_base64()).unwrap()
    }

    pub(crate) fn report(&self, keys: Vec<Key>) -> Report {
        let image = Image::open(&self.iso).unwrap();
        let digest = digest(&self.iso);
        let tool = |text: &str| text.to_owned();
        let pinned = [Pinned {
            name: tool("tool"),
            version: tool("1.0-1"),
            architecture: tool("amd64"),
            sha256: tool(SHA),
        }];
        let policy = Policy { require: keys.len().min(1), keys, today: "2026-11-30".to_owned() };
        let mut steps: Vec<Step> = checksum::steps(&image, &digest).unwrap();
        steps.push(signature::step(&image, &digest, &policy).unwrap());
        steps.push(bills::lock(&isoplug_inspect::target::systems(&image)[0], &pinned));
        steps.push(bills::bills(&image, &digest, &pinned).unwrap());
        steps.push(bills::provenance(&image, &pinned).unwrap());
        Report::new("a.iso".to_owned(), steps)
    }

    pub(crate) fn faults(&self) -> Vec<String> {
        texts(&self.report(vec![self.key()]))
    }

    /// Returns why it is refused.
    pub(crate) fn refused(&self) -> Option<Refusal> {
        self.report(vec![self.key()]).refused
    }
}

pub(crate) fn texts(report: &Report) -> Vec<String> {
    let faults = report.steps.iter().flat_map(|step| &step.faults);
    faults.map(|fault| fault.text.clone()).collect()
}

pub(crate) fn digest(path: &Path) -> String {
    check::sha256(&isoplug_inspect::span::Span::open(path).unwrap()).unwrap()
}
