//! An image, and what lies beside it, each changed in one way: every change has a message of its own.
#![cfg(test)]

mod made;
#[path = "verify/published.rs"]
mod published;

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isoplug_inspect::image::Image;
use isoplug_inspect::verify::State;
use isoplug_inspect::verify::keys::Key;
use isoplug_inspect::verify::refusal::Refusal;
use isoplug_inspect::verify::signature::{self, Policy};
use minisign::KeyPair;

use published::{Published, SHA, texts};

#[test]
fn what_was_published_is_believed() {
    let published = Published::new();
    let report = published.report(vec![published.key()]);
    let wrong = texts(&report);
    assert!(wrong.is_empty() && report.refused.is_none(), "{wrong:?}");
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
    assert_eq!(published.refused(), Some(Refusal::TamperedImage));
    // Nothing but the signature knows of it.
    for name in ["SHA256SUMS", "SHA256SUMS.minisig", "a.iso.intoto.jsonl", "a.iso.spdx.json"] {
        fs::remove_file(published.path(name)).unwrap();
    }
    assert_eq!(published.refused(), Some(Refusal::TamperedImage), "{:?}", published.faults());
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
    assert_eq!(published.refused(), Some(Refusal::TamperedBill));
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
    assert_eq!(published.refused(), Some(Refusal::TamperedProvenance));
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
    assert_eq!(published.refused(), Some(Refusal::TamperedLock));
}

#[test]
fn an_unknown_key() {
    let published = Published::new();
    let other = KeyPair::generate_unencrypted_keypair().unwrap();
    let report = published.report(vec![Key::parse("other", &other.pk.to_base64()).unwrap()]);
    let faults = texts(&report);
    assert!(
        faults.iter().any(|it| it.contains("which is none of those that you named")),
        "{faults:?}"
    );
    assert_eq!(report.refused, Some(Refusal::UnknownKey));
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
    let few = "1 of the keys that you named signed it, and 2 must";
    assert_eq!(both.faults, [Refusal::TooFewSignatures.fault(few)]);
}

#[test]
fn an_expired_key() {
    let published = Published::new();
    let text =
        format!("untrusted comment: acme, expires 2026-01-31\n{}\n", published.pair.pk.to_base64());
    let report = published.report(vec![Key::parse("acme", &text).unwrap()]);
    let faults = texts(&report);
    assert!(faults.iter().any(|it| it.contains("which expired on 2026-01-31")), "{faults:?}");
    assert_eq!(report.refused, Some(Refusal::ExpiredKey));
}

#[test]
fn a_signature_of_another_product() {
    let published = Published::new();
    published.state(SHA, "other.iso");
    let faults = published.faults();
    assert_eq!(faults, ["the signed provenance is of another image: other.iso"]);
    assert_eq!(published.refused(), Some(Refusal::OtherProduct));
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
    assert_eq!(published.refused(), Some(Refusal::Replayed));
}

#[test]
fn without_keys_nothing_is_said_of_who_signed() {
    let report = Published::new().report(Vec::new());
    let step = report.steps.iter().find(|step| step.what == "signature").unwrap();
    assert_eq!(step.state, State::Unknown);
}

#[test]
fn a_changed_list_of_checksums_and_a_missing_file() {
    let published = Published::new();
    let list = fs::read_to_string(published.path("SHA256SUMS")).unwrap();
    published.write("SHA256SUMS", &format!("{list}\n"));
    assert_eq!(published.refused(), Some(Refusal::BadSignature));
    let published = Published::new();
    fs::remove_file(published.path("a.iso.spdx.json")).unwrap();
    assert_eq!(published.faults(), ["a.iso.spdx.json is missing, and SHA256SUMS names it"]);
    assert_eq!(published.refused(), Some(Refusal::MissingPaper));
}

#[test]
fn another_file_that_was_changed() {
    let published = Published::new();
    let list = fs::read_to_string(published.path("SHA256SUMS")).unwrap();
    published.write("SHA256SUMS", &format!("{list}{SHA}  a.iso.packages\n"));
    published.write("a.iso.packages", "tool 1.0-1 amd64\n");
    fs::remove_file(published.path("SHA256SUMS.minisig")).unwrap();
    let expected =
        "the list of packages was changed: a.iso.packages is not the file that SHA256SUMS names";
    assert_eq!(published.faults(), [expected]);
    assert_eq!(published.refused(), Some(Refusal::TamperedPaper));
}

/// The bundle is another carrier of the same line: it counts alone, and is refused as a line would be.
#[test]
#[expect(clippy::too_many_lines, reason = "a test is a story")]
fn a_bundle_of_sigstore() {
    let published = Published::new();
    published.bundle("", "");
    for name in ["a.iso.minisig", "SHA256SUMS.minisig"] {
        fs::remove_file(published.path(name)).unwrap();
    }
    let report = published.report(vec![published.key()]);
    assert!(texts(&report).is_empty(), "{:?}", texts(&report));
    let said = report.steps.into_iter().find(|step| step.what == "signature").unwrap().said;
    assert!(said.ends_with("(1 of 1)"), "{said}");

    let published = Published::new();
    published.bundle("\"payload\":\"ey", "\"payload\":\"fy");
    let faults = published.faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("which did not sign what is in it"), "{faults:?}");
    assert_eq!(published.refused(), Some(Refusal::BadSignature));

    let published = Published::new();
    published.write("a.iso.sigstore.json", "{}");
    assert_eq!(published.faults(), ["a.iso.sigstore.json is not a bundle of Sigstore"]);

    let published = Published::new();
    published.state(&SHA[..64], "a.iso");
    published.bundle("", "");
    assert_eq!(published.refused(), Some(Refusal::Replayed), "{:?}", published.faults());
}
