//! Statements of in-toto and the envelopes in which they are signed
//! (<https://github.com/secure-systems-lab/dsse/blob/master/envelope.md>).
//!
//! What is signed are the bytes of the payload as they stand in the envelope: nobody may write them anew. Knows no key:
//! whoever has one signs [`pae`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// The type of every payload here.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The type of every statement here.
const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// A signed payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The payload in base64.
    payload: String,
    /// What it is.
    payload_type: String,
    /// Who signed it.
    signatures: Vec<Signature>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// What may help to find the key. No proof of anything.
    #[serde(default)]
    keyid: String,
    /// The signature in base64.
    sig: String,
}

/// Returns the statement that a predicate is true of files, each with its SHA-256. Equal for equal predicates.
///
/// # Errors
///
/// When the predicate is no JSON.
pub fn statement(
    subjects: &[(String, String)],
    predicate_type: &str,
    predicate: &str,
) -> Result<Vec<u8>, serde_json::Error> {
    let predicate: Json = serde_json::from_str(predicate)?;
    let subject =
        |(name, sha256): &(String, String)| json!({ "name": name, "digest": { "sha256": sha256 } });
    let subjects: Vec<Json> = subjects.iter().map(subject).collect();
    serde_json::to_vec(&json!({
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": predicate_type,
        "predicate": predicate,
    }))
}

/// Returns the bytes that are signed for a payload: type and length of each are in them, so that no payload can be
/// taken for another.
#[must_use]
pub fn pae(payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let start = format!("DSSEv1 {} {PAYLOAD_TYPE} {length} ", PAYLOAD_TYPE.len());
    [start.as_bytes(), payload].concat()
}

impl Envelope {
    /// Returns an envelope that nobody has signed.
    #[must_use]
    pub fn new(payload: &[u8]) -> Self {
        let payload = STANDARD.encode(payload);
        Self { payload, payload_type: PAYLOAD_TYPE.to_owned(), signatures: Vec::new() }
    }

    /// Reads one line; none if it is no envelope of a statement.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let envelope: Self = serde_json::from_str(line).ok()?;
        (envelope.payload_type == PAYLOAD_TYPE).then_some(envelope)
    }

    /// Returns the payload; none if it is damaged.
    #[must_use]
    pub fn payload(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.payload).ok()
    }

    /// Adds a signature of [`pae`]; an earlier one of the same key goes.
    pub fn add(&mut self, keyid: &str, signature: &[u8]) {
        self.signatures.retain(|one| one.keyid != keyid);
        self.signatures
            .push(Signature { keyid: keyid.to_owned(), sig: STANDARD.encode(signature) });
        self.signatures.sort_by(|one, other| one.keyid.cmp(&other.keyid));
    }

    /// Adds the signatures of another envelope of the same payload.
    pub fn merge(&mut self, other: &Self) {
        for Signature { keyid, sig } in &other.signatures {
            if let Ok(bytes) = STANDARD.decode(sig) {
                self.add(keyid, &bytes);
            }
        }
    }

    /// Returns the signatures, each with the hint for its key; those that are no base64 are none.
    #[must_use]
    pub fn signatures(&self) -> Vec<(&str, Vec<u8>)> {
        let decoded = |one: &'_ Signature| STANDARD.decode(&one.sig).ok();
        self.signatures.iter().filter_map(|one| Some((&*one.keyid, decoded(one)?))).collect()
    }

    /// Writes one line.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// Returns the first subject of its statement and the SHA-256 of it.
    #[must_use]
    pub fn subject(&self) -> Option<(String, String)> {
        let statement: Json = serde_json::from_slice(&self.payload()?).ok()?;
        let first = &statement["subject"][0];
        let text = |value: &Json| value.as_str().map(str::to_owned);
        Some((text(&first["name"])?, text(&first["digest"]["sha256"])?))
    }
}

/// Adds an envelope to the lines of a file: to the line with the same payload, if there is one. Lines about another
/// content of the same file go; what is no envelope stays.
#[must_use]
pub fn with_line(lines: &str, new: &Envelope) -> String {
    let mut new = new.clone();
    let mut kept = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        match Envelope::read(line) {
            Some(old) if old.payload == new.payload => {
                let mut merged = old;
                merged.merge(&new);
                new = merged;
            }
            Some(old) if is_stale(&old, &new) => {}
            _ => kept.push(format!("{line}\n")),
        }
    }
    kept.push(new.line());
    kept.sort();
    kept.concat()
}

fn is_stale(old: &Envelope, new: &Envelope) -> bool {
    match (old.subject(), new.subject()) {
        (Some((old, old_digest)), Some((new, digest))) => old == new && old_digest != digest,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(digest: &str, keyid: &str) -> Envelope {
        let subjects = [("a.iso".to_owned(), digest.to_owned())];
        let mut made = Envelope::new(&statement(&subjects, "https://example.org/p", "{}").unwrap());
        made.add(keyid, keyid.as_bytes());
        made
    }

    /// The example of the protocol's own text, with another type.
    #[test]
    fn type_and_length_are_signed() {
        assert_eq!(pae(b"hello world"), b"DSSEv1 28 application/vnd.in-toto+json 11 hello world");
    }

    #[test]
    fn two_signers_of_one_payload_share_a_line() {
        let both = with_line(&envelope("aa", "2").line(), &envelope("aa", "1"));
        assert_eq!(both.lines().count(), 1);
        let read = Envelope::read(both.trim()).unwrap();
        assert_eq!(read.signatures(), [("1", b"1".to_vec()), ("2", b"2".to_vec())]);
        assert_eq!(with_line(&both, &envelope("aa", "1")), both, "a second time changes nothing");
    }

    #[test]
    fn lines_about_other_contents_go_and_foreign_lines_stay() {
        let foreign = "{\"foreign\":1}\n";
        let lines = with_line(foreign, &envelope("aa", "1"));
        let lines = with_line(&lines, &envelope("bb", "1"));
        assert_eq!(lines.lines().count(), 2);
        assert!(lines.contains("foreign"));
        let subjects: Vec<_> =
            lines.lines().filter_map(Envelope::read).map(|one| one.subject()).collect();
        assert_eq!(subjects, [Some(("a.iso".to_owned(), "bb".to_owned()))]);
    }
}
