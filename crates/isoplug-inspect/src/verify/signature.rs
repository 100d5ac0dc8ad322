//! Depth 2: who signed the image, its list of checksums, and what is stated about it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::image::Image;

use super::Step;
use super::checksum;
use super::keys::{self, Claimed, Key};
use super::refusal::{Fault, Refusal};

/// What a verifier asks for.
#[derive(Debug, Default)]
pub struct Policy {
    /// The keys that are believed.
    pub keys: Vec<Key>,
    /// How many different keys must have signed.
    pub require: usize,
    /// The day, as `2027-01-31`.
    pub today: String,
}

/// What is looked at, and what for.
struct Look<'a> {
    image: &'a Image,
    digest: &'a str,
    policy: &'a Policy,
}

/// What was found of signatures.
#[derive(Default)]
struct Found {
    /// By the key itself: one that was named twice is one.
    signers: BTreeMap<Vec<u8>, String>,
    faults: Vec<Fault>,
    unknown: BTreeSet<String>,
    looked: usize,
}

/// Checks the signatures beside an image.
///
/// # Errors
///
/// When something cannot be read.
pub fn step(image: &Image, digest: &str, policy: &Policy) -> io::Result<Step> {
    let (mut found, look) = (Found::default(), Look { image, digest, policy });
    let sums = image.path.with_file_name("SHA256SUMS");
    if let Some(signature) = image.beside(".minisig")? {
        found.file(&image.path, &signature, &look)?;
    }
    if let Some(signature) = checksum::read(&sums.with_file_name("SHA256SUMS.minisig"))? {
        found.file(&sums, &signature, &look)?;
    }
    let lines = image.beside(".intoto.jsonl")?.unwrap_or_default();
    for line in String::from_utf8_lossy(&lines).lines() {
        found.envelope(&serde_json::from_str(line).unwrap_or_default(), &look)?;
    }
    if let Some(bundle) = image.beside(".sigstore.json")? {
        found.bundle(&bundle, &look)?;
    }
    Ok(found.step(policy))
}

impl Found {
    fn step(self, policy: &Policy) -> Step {
        const WHAT: &str = "signature";
        let asks_nothing = policy.require == 0 && policy.keys.is_empty();
        if self.looked == 0 && asks_nothing {
            return Step::absent(WHAT, "nothing beside it is signed");
        }
        let ids: Vec<&str> = self.unknown.iter().map(String::as_str).collect();
        if self.faults.is_empty() && asks_nothing {
            let said =
                format!("signed by {}; name a key that you believe with --key", ids.join(", "));
            return Step::unknown(WHAT, said);
        }
        let (count, require) = (self.signers.len(), policy.require.max(1));
        let strangers = ids.iter().filter(|_| count == 0).map(|id| stranger(id));
        let few = format!("{count} of the keys that you named signed it, and {require} must");
        let few = Some(Refusal::TooFewSignatures.fault(few)).filter(|_| count < require);
        let faults = self.faults.iter().cloned().chain(strangers).chain(few).collect();
        let signers: Vec<&str> = self.signers.values().map(String::as_str).collect();
        Step::new(WHAT, format!("{} ({count} of {require})", signers.join(", ")), faults)
    }

    /// Returns the keys that may count for a signature by the key of this number, told if one is no longer believed.
    fn believed<'a>(&mut self, policy: &'a Policy, id: &str) -> Vec<&'a Key> {
        let (expired, keys): (Vec<&Key>, Vec<&Key>) =
            policy.keys.iter().partition(|key| key.is_expired(&policy.today));
        for key in expired.iter().filter(|key| key.id == id) {
            let expires = key.expires.as_deref().unwrap_or_default();
            let text = format!("signed by the key {id} ({}), which expired on {expires}", key.name);
            self.faults.push(Refusal::ExpiredKey.fault(text));
        }
        keys
    }

    fn file(&mut self, path: &Path, signature: &[u8], look: &Look) -> io::Result<()> {
        self.looked += 1;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let signature = String::from_utf8_lossy(signature);
        let claimed = match keys::claimed(&signature) {
            Some(claimed) if !claimed.is_legacy => claimed,
            other => return self.fault(unusable(&file, other.is_some())),
        };
        let keys = self.believed(look.policy, &claimed.id);
        let Some(key) = keys.iter().find(|key| key.id == claimed.id) else {
            if !look.policy.keys.iter().any(|key| key.id == claimed.id) {
                self.unknown.insert(claimed.id);
            }
            return Ok(());
        };
        if key.verifies_file(std::fs::File::open(path)?, &signature) {
            self.signers.insert(key.point().to_vec(), key.title());
            return Ok(());
        }
        self.fault(refused(&file, &claimed, look.digest))
    }

    fn fault(&mut self, fault: Fault) -> io::Result<()> {
        self.faults.push(fault);
        Ok(())
    }

    /// Looks at a bundle of Sigstore: an envelope as the others, in another form.
    fn bundle(&mut self, bundle: &[u8], look: &Look) -> io::Result<()> {
        let bundle: Value = serde_json::from_slice(bundle).unwrap_or_default();
        let media_type = bundle["mediaType"].as_str().unwrap_or_default();
        let envelope = &bundle["dsseEnvelope"];
        if !media_type.starts_with("application/vnd.dev.sigstore.bundle") || envelope.is_null() {
            self.looked += 1;
            let text =
                format!("{}.sigstore.json is not a bundle of Sigstore", look.image.file_name());
            return self.fault(Refusal::BadSignature.fault(text));
        }
        self.envelope(envelope, look)
    }

    fn envelope(&mut self, envelope: &Value, look: &Look) -> io::Result<()> {
        // Lines that are something else are allowed.
        let kind = envelope["payloadType"].as_str();
        let (Some(kind), Some(payload)) = (kind, decoded(&envelope["payload"])) else {
            return Ok(());
        };
        self.looked += 1;
        let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
        let pae = [head.as_bytes(), &payload].concat();
        let all = envelope["signatures"].as_array().into_iter().flatten();
        let signers: BTreeMap<Vec<u8>, String> =
            all.filter_map(|made| self.signer(&pae, made, look.policy)).collect();
        if signers.is_empty() {
            return Ok(());
        }
        match stated(&payload, look.image, look.digest)? {
            None => self.signers.extend(signers),
            Some(fault) => self.faults.push(fault),
        }
        Ok(())
    }

    /// Returns who made a signature, if a believed key did. The number is a hint only: each key is tried.
    fn signer(&mut self, pae: &[u8], made: &Value, policy: &Policy) -> Option<(Vec<u8>, String)> {
        let bytes = decoded(&made["sig"]).unwrap_or_default();
        let Some(key) = policy.keys.iter().find(|key| key.verifies_bytes(pae, &bytes)) else {
            let hint = made["keyid"].as_str().unwrap_or_default();
            match policy.keys.iter().find(|key| key.sha256() == hint) {
                Some(key) => self.faults.push(not_signed(key)),
                None => _ = self.unknown.insert(hint.chars().take(16).collect()),
            }
            return None;
        };
        let (name, id) = (&key.name, &key.id);
        if key.is_expired(&policy.today) {
            let expires = key.expires.as_deref().unwrap_or_default();
            let text = format!("stated by the key {id} ({name}), which expired on {expires}");
            self.faults.push(Refusal::ExpiredKey.fault(text));
            return None;
        }
        Some((key.point().to_vec(), key.title()))
    }
}

fn stranger(id: &str) -> Fault {
    let text = format!("signed by the key {id}, which is none of those that you named");
    Refusal::UnknownKey.fault(text)
}

fn not_signed(key: &Key) -> Fault {
    let title = key.title();
    let text =
        format!("an envelope names {title}, which did not sign what is in it: it was changed");
    Refusal::BadSignature.fault(text)
}

fn unusable(file: &str, is_legacy: bool) -> Fault {
    Refusal::BadSignature.fault(match is_legacy {
        true => format!("{file}.minisig signs the file itself, not its digest: not believed"),
        false => format!("{file}.minisig is not a signature of minisign"),
    })
}

fn decoded(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(value.as_str().unwrap_or_default()).ok()
}

/// Returns why a signature of a believed key does not hold.
fn refused(file: &str, claimed: &Claimed, digest: &str) -> Fault {
    let Claimed { id, comment, .. } = claimed;
    let mut said = comment.split("sha256:").skip(1);
    if file == "SHA256SUMS" || said.all(|rest| rest.starts_with(digest)) {
        let text =
            format!("{file} is not what the key {id} signed: it or {file}.minisig was changed");
        return Refusal::BadSignature.fault(text);
    }
    let is_this = comment.split_whitespace().any(|word| word == file);
    let kind = if is_this { Refusal::TamperedImage } else { Refusal::OtherProduct };
    kind.fault(format!("{file}.minisig is of another image: it says {comment}"))
}

/// Returns what is wrong with a statement that is signed.
fn stated(payload: &[u8], image: &Image, digest: &str) -> io::Result<Option<Fault>> {
    let name = image.file_name();
    let statement: Value = serde_json::from_slice(payload).unwrap_or_default();
    let (what, ending, changed) = kind(statement["predicateType"].as_str().unwrap_or_default());
    let subjects = statement["subject"].as_array().cloned().unwrap_or_default();
    if !subjects.iter().any(|subject| subject["digest"]["sha256"] == digest) {
        return Ok(Some(of_another(&subjects, &name, what)));
    }
    let beside = ending.map(|ending| image.beside(ending)).transpose()?.flatten();
    let (Some(ending), Some(beside)) = (ending, beside) else { return Ok(None) };
    let beside: Value = serde_json::from_slice(&beside).unwrap_or_default();
    let is_other = beside != statement["predicate"];
    let text = "that was signed: it was changed or is of another build";
    Ok(is_other.then(|| changed.fault(format!("{name}{ending} is not the {what} {text}"))))
}

fn of_another(subjects: &[Value], name: &str, what: &str) -> Fault {
    if subjects.iter().any(|subject| subject["name"] == *name) {
        return Refusal::Replayed.fault(format!(
            "the signed {what} is of an older or a newer build of {name}: it was put beside this one"
        ));
    }
    let first = subjects.first().and_then(|subject| subject["name"].as_str()).unwrap_or("nothing");
    Refusal::OtherProduct.fault(format!("the signed {what} is of another image: {first}"))
}

/// Returns what a predicate is, the ending of the file that has it alone, and what it means that this was changed.
fn kind(predicate: &str) -> (&'static str, Option<&'static str>, Refusal) {
    match predicate {
        it if it.starts_with("https://slsa.dev/provenance/") => {
            ("provenance", Some(".provenance.json"), Refusal::TamperedProvenance)
        }
        it if it.starts_with("https://spdx.dev/Document") => {
            ("bill of materials (SPDX)", Some(".spdx.json"), Refusal::TamperedBill)
        }
        it if it.starts_with("https://cyclonedx.org/bom") => {
            ("bill of materials (CycloneDX)", Some(".cdx.json"), Refusal::TamperedBill)
        }
        _ => ("statement", None, Refusal::TamperedPaper),
    }
}
