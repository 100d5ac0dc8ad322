//! An image, and what lies beside it, each changed in one way: every change has a message of its own.
#![cfg(test)]

mod made;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isoplug_inspect::image::Image;
use isoplug_inspect::report::check;
use isoplug_inspect::verify::bills::{self, Pinned};
use isoplug_inspect::verify::keys::Key;
use isoplug_inspect::verify::signature::{self, Policy};
use isoplug_inspect::verify::{Report, State, Step, checksum};
use minisign::KeyPair;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};

use made::Made;

/// A published image: signed, with a bill, a provenance and a lock.
struct Published {
    folder: tempfile::TempDir,
    iso: PathBuf,
    digest: String,
    pair: KeyPair,
}

const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

impl Published {
    fn new() -> Self {
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

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn bill(&self, version: &str) -> Value {
        let sum = |sum: &str| json!([{ "algorithm": "SHA256", "checksumValue": sum }]);
        json!({ "packages": [
            { "SPDXID": "SPDXRef-Image", "name": "a", "checksums": sum(&self.digest) },
            { "name": "tool", "versionInfo": version, "checksums": sum(SHA) },
        ] })
    }

    fn provenance(&self, epoch: u64) -> Value {
        let lock = digest(&self.path("a.iso.lock"));
        json!({ "buildDefinition": {
            "internalParameters": { "epoch": epoch },
            "resolvedDependencies": [
                { "name": "isoplug.lock", "digest": { "sha256": lock } },
                { "name": "tool_1.0-1_amd64.deb", "digest": { "sha256": SHA } },
            ],
        } })
    }

    fn sums(&self) {
        let names = ["a.iso", "a.iso.lock", "a.iso.spdx.json", "a.iso.provenance.json"];
        let lines = names.map(|name| format!("{}  {name}\n", digest(&self.path(name))));
        self.write("SHA256SUMS", &lines.concat());
    }

    /// Signs the image, the list, and the statement of the provenance.
    fn sign(&self) {
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
    fn state(&self, digest: &str, name: &str) {
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
            "signatures": [{ "keyid": "x", "sig": STANDARD.encode(signature) }],
        });
        self.write("a.iso.intoto.jsonl", &format!("{envelope}\n"));
    }

    fn key(&self) -> Key {
        Key::parse("acme", &self.pair.pk.to_base64()).unwrap()
    }

    fn report(&self, keys: Vec<Key>) -> Report {
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

    fn faults(&self) -> Vec<String> {
        self.report(vec![self.key()]).steps.into_iter().flat_map(|step| step.faults).collect()
    }
}

fn digest(path: &Path) -> String {
    check::sha256(&isoplug_inspect::span::Span::open(path).unwrap()).unwrap()
}

#[test]
fn what_was_published_is_believed() {
    let published = Published::new();
    let report = published.report(vec![published.key()]);
    let wrong: Vec<&String> = report.steps.iter().flat_map(|step| &step.faults).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(report.verdict, "nothing is wrong with what was looked at");
    let said = report.steps.into_iter().find(|step| step.what == "signature").unwrap().said;
    assert!(said.starts_with("acme (") && said.ends_with("(1 of 1)"), "{said}");
}

#[test]
fn a_changed_image() {
    let published = Published::new();
    let mut bytes = fs::read(&published.iso).unwrap();
    // In the unused area before the descriptors, so that the image still reads.
    bytes[9000] ^= 1;
    fs::write(&published.iso, bytes).unwrap();
    let faults = published.faults();
    assert_eq!(faults[0], "the image was changed: a.iso is not the file that SHA256SUMS names");
    assert!(
        faults.iter().any(|it| it.starts_with("a.iso.minisig is of another image")),
        "{faults:?}"
    );
}

#[test]
fn a_changed_bill() {
    let published = Published::new();
    published.write("a.iso.spdx.json", &published.bill("1.0-0").to_string());
    let expected = [
        "the bill of materials was changed: a.iso.spdx.json is not the file that SHA256SUMS names",
        "the bill .spdx.json does not name tool 1.0-1",
    ];
    assert_eq!(published.faults(), expected);
}

#[test]
fn a_changed_provenance() {
    let published = Published::new();
    published.write(
        "a.iso.provenance.json",
        &published.provenance(1_700_000_000).to_string().replace("tool_1", "tool_2"),
    );
    let faults = published.faults();
    assert_eq!(
        faults[0],
        "the provenance was changed: a.iso.provenance.json is not the file that SHA256SUMS names"
    );
    assert!(faults[1].contains("is not the provenance that was signed"), "{faults:?}");
}

#[test]
fn a_changed_lock() {
    let published = Published::new();
    published.write("a.iso.lock", "version = 1\n# changed\n");
    let expected = [
        "the lock was changed: a.iso.lock is not the file that SHA256SUMS names",
        "the provenance is of another build: it names another lock than the one beside the image",
    ];
    assert_eq!(published.faults(), expected);
}

#[test]
fn an_unknown_key() {
    let published = Published::new();
    let other = KeyPair::generate_unencrypted_keypair().unwrap();
    let report = published.report(vec![Key::parse("other", &other.pk.to_base64()).unwrap()]);
    let faults: Vec<&String> = report.steps.iter().flat_map(|step| &step.faults).collect();
    assert!(
        faults.iter().any(|it| it.contains("which is none of those that you named")),
        "{faults:?}"
    );
}

/// Returns a key of minisign as others write it.
fn in_pem(key: &Key) -> String {
    let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let der = STANDARD.encode([&head, key.point()].concat());
    format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
}

#[test]
fn one_key_that_is_named_twice_is_one_key() {
    let published = Published::new();
    let key = published.key();
    let again = Key::parse("again", &in_pem(&key)).unwrap();
    let image = Image::open(&published.iso).unwrap();
    let policy = |keys: Vec<Key>, require| Policy { keys, require, today: String::new() };
    let step = |policy: &Policy| signature::step(&image, &published.digest, policy).unwrap();
    let alone = step(&policy(vec![again.clone()], 1));
    assert_eq!(alone.state, State::Ok, "{alone:?}");
    let both = step(&policy(vec![again, key], 2));
    assert_eq!(both.faults, ["1 of the keys that you named signed it, and 2 must"]);
}

#[test]
fn an_expired_key() {
    let published = Published::new();
    let text =
        format!("untrusted comment: acme, expires 2026-01-31\n{}\n", published.pair.pk.to_base64());
    let report = published.report(vec![Key::parse("acme", &text).unwrap()]);
    let faults: Vec<&String> = report.steps.iter().flat_map(|step| &step.faults).collect();
    assert!(faults.iter().any(|it| it.contains("which expired on 2026-01-31")), "{faults:?}");
}

#[test]
fn a_signature_of_another_product() {
    let published = Published::new();
    published.state(SHA, "other.iso");
    let faults = published.faults();
    assert_eq!(faults, ["the signed provenance is of another image: other.iso"]);
}

#[test]
fn an_older_provenance_is_put_beside_it() {
    let published = Published::new();
    published.write("a.iso.provenance.json", &published.provenance(1_600_000_000).to_string());
    published.state(SHA, "a.iso");
    published.sums();
    let faults = published.faults();
    assert!(
        faults.iter().any(|it| it.contains("is of an older or a newer build of a.iso")),
        "{faults:?}"
    );
    assert!(
        faults.iter().any(|it| it.contains("is of an older build: its epoch is 1600000000")),
        "{faults:?}"
    );
}

#[test]
fn without_keys_nothing_is_said_of_who_signed() {
    let report = Published::new().report(Vec::new());
    let step = report.steps.iter().find(|step| step.what == "signature").unwrap();
    assert_eq!(step.state, State::Unknown);
}
