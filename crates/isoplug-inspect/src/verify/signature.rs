//! Depth 2: who signed the image, its list of checksums, and what is stated about it.

use std::collections::BTreeSet;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::image::Image;

use super::checksum;
use super::keys::{self, Key};
use super::{State, Step};

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

/// What was found of signatures.
#[derive(Default)]
struct Found {
    signers: BTreeSet<String>,
    faults: Vec<String>,
    unknown: BTreeSet<String>,
    looked: usize,
}

/// Checks the signatures beside an image.
///
/// # Errors
///
/// When something cannot be read.
pub fn step(image: &Image, digest: &str, policy: &Policy) -> io::Result<Step> {
    let mut found = Found::default();
    let name = image.file_name();
    let sums = image.path.with_file_name("SHA256SUMS");
    let files = [
        (image.path.clone(), image.beside(".minisig")?, &*name),
        (sums.clone(), checksum::read(&sums.with_file_name("SHA256SUMS.minisig"))?, "SHA256SUMS"),
    ];
    for (path, signature, file) in files {
        if let Some(signature) = signature {
            let opened = || std::fs::File::open(&path);
            found.file(&opened, &String::from_utf8_lossy(&signature), file, digest, policy)?;
        }
    }
    let lines = image.beside(".intoto.jsonl")?.unwrap_or_default();
    for line in String::from_utf8_lossy(&lines).lines() {
        found.envelope(line, image, digest, policy)?;
    }
    Ok(found.step(policy))
}

impl Found {
    fn step(mut self, policy: &Policy) -> Step {
        const WHAT: &str = "signature";
        let signers: Vec<String> = self.signers.iter().cloned().collect();
        if self.looked == 0 && policy.require == 0 && policy.keys.is_empty() {
            return Step::absent(WHAT, "nothing beside it is signed");
        }
        if policy.keys.is_empty() && self.faults.is_empty() && policy.require == 0 {
            let ids: Vec<String> = self.unknown.into_iter().collect();
            return Step::unknown(
                WHAT,
                format!("signed by {}; name a key that you believe with --key", ids.join(", ")),
            );
        }
        if signers.is_empty() {
            let unknown = self
                .unknown
                .iter()
                .map(|id| format!("signed by the key {id}, which is none of those that you named"));
            self.faults.extend(unknown);
        }
        let require = policy.require.max(1);
        if signers.len() < require {
            self.faults.push(format!(
                "{} of the keys that you named signed it, and {require} must",
                signers.len()
            ));
        }
        let mut step = Step::new(
            WHAT,
            format!("{} ({} of {require})", signers.join(", "), signers.len()),
            self.faults,
        );
        if signers.is_empty() && step.state == State::Fails {
            "no signature that counts".clone_into(&mut step.said);
        }
        step
    }

    /// Returns the keys that may count for a signature by the key of this number, told if one is no longer believed.
    fn believed<'a>(&mut self, policy: &'a Policy, id: &str) -> Vec<&'a Key> {
        let (expired, keys): (Vec<&Key>, Vec<&Key>) =
            policy.keys.iter().partition(|key| key.is_expired(&policy.today));
        for key in expired.iter().filter(|key| key.id == id) {
            let expires = key.expires.as_deref().unwrap_or_default();
            self.faults
                .push(format!("signed by the key {id} ({}), which expired on {expires}", key.name));
        }
        keys
    }

    fn file(
        &mut self,
        open: &dyn Fn() -> io::Result<std::fs::File>,
        signature: &str,
        file: &str,
        digest: &str,
        policy: &Policy,
    ) -> io::Result<()> {
        self.looked += 1;
        let Some(claimed) = keys::claimed(signature) else {
            self.faults.push(format!("{file}.minisig is not a signature of minisign"));
            return Ok(());
        };
        if claimed.is_legacy {
            self.faults.push(format!("{file}.minisig signs the file itself, not its digest; such signatures are not believed"));
            return Ok(());
        }
        let keys = self.believed(policy, &claimed.id);
        let Some(key) = keys.iter().find(|key| key.id == claimed.id) else {
            self.unknown.insert(claimed.id);
            return Ok(());
        };
        let is_other =
            claimed.comment.split("sha256:").nth(1).is_some_and(|rest| !rest.starts_with(digest));
        if key.verifies_file(open()?, signature) {
            self.signers.insert(format!("{} ({})", key.name, key.id));
        } else if is_other && file != "SHA256SUMS" {
            self.faults
                .push(format!("{file}.minisig is of another image: it says {}", claimed.comment));
        } else {
            self.faults.push(format!(
                "{file} is not what the key {} signed: it or {file}.minisig was changed",
                key.id
            ));
        }
        Ok(())
    }

    fn envelope(
        &mut self,
        line: &str,
        image: &Image,
        digest: &str,
        policy: &Policy,
    ) -> io::Result<()> {
        // Lines that are something else are allowed.
        let Ok(envelope) = serde_json::from_str::<Value>(line) else { return Ok(()) };
        let (Some(kind), Some(payload)) =
            (envelope["payloadType"].as_str(), envelope["payload"].as_str())
        else {
            return Ok(());
        };
        let Ok(payload) = STANDARD.decode(payload) else { return Ok(()) };
        self.looked += 1;
        let pae = [format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).as_bytes(), &payload]
            .concat();
        let mut signers = BTreeSet::new();
        for signature in envelope["signatures"].as_array().into_iter().flatten() {
            let id = signature["keyid"].as_str().unwrap_or_default();
            let bytes =
                STANDARD.decode(signature["sig"].as_str().unwrap_or_default()).unwrap_or_default();
            // The number is a hint only: each key is tried.
            let (expired, keys): (Vec<&Key>, Vec<&Key>) =
                policy.keys.iter().partition(|key| key.is_expired(&policy.today));
            let made = |key: &&&Key| key.verifies_bytes(&pae, &bytes);
            if let Some(key) = keys.iter().find(made) {
                signers.insert(format!("{} ({})", key.name, key.id));
            } else if let Some(key) = expired.iter().find(made) {
                let expires = key.expires.as_deref().unwrap_or_default();
                self.faults.push(format!(
                    "stated by the key {} ({}), which expired on {expires}",
                    key.id, key.name
                ));
            } else {
                self.unknown.insert(id.chars().take(16).collect());
            }
        }
        if !signers.is_empty() {
            match stated(&payload, image, digest)? {
                None => self.signers.extend(signers),
                Some(fault) => self.faults.push(fault),
            }
        }
        Ok(())
    }
}

/// Returns what is wrong with a statement that is signed.
fn stated(payload: &[u8], image: &Image, digest: &str) -> io::Result<Option<String>> {
    let name = image.file_name();
    let statement: Value = serde_json::from_slice(payload).unwrap_or_default();
    let subjects = statement["subject"].as_array().cloned().unwrap_or_default();
    let is_this = |subject: &Value| subject["digest"]["sha256"] == digest;
    let what = kind(statement["predicateType"].as_str().unwrap_or_default());
    if !subjects.iter().any(is_this) {
        let same_name = subjects.iter().any(|subject| subject["name"] == *name);
        let first = subjects
            .first()
            .and_then(|subject| subject["name"].as_str())
            .unwrap_or("nothing")
            .to_owned();
        return Ok(Some(if same_name {
            format!(
                "the signed {} is of an older or a newer build of {name}: it was put beside this one",
                what.0
            )
        } else {
            format!("the signed {} is of another image: {first}", what.0)
        }));
    }
    let Some(ending) = what.1 else { return Ok(None) };
    let Some(beside) = image.beside(ending)? else { return Ok(None) };
    let beside: Value = serde_json::from_slice(&beside).unwrap_or_default();
    let is_same = beside == statement["predicate"];
    Ok((!is_same).then(|| {
        format!(
            "{name}{ending} is not the {} that was signed: it was changed or is of another build",
            what.0
        )
    }))
}

/// Returns what a predicate is, and the ending of the file that has it alone.
fn kind(predicate: &str) -> (&'static str, Option<&'static str>) {
    match predicate {
        it if it.starts_with("https://slsa.dev/provenance/") => {
            ("provenance", Some(".provenance.json"))
        }
        it if it.starts_with("https://spdx.dev/Document") => {
            ("bill of materials (SPDX)", Some(".spdx.json"))
        }
        it if it.starts_with("https://cyclonedx.org/bom") => {
            ("bill of materials (CycloneDX)", Some(".cdx.json"))
        }
        _ => ("statement", None),
    }
}
