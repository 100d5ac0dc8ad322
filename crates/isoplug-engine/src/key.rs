//! One walk over a stage's inputs, read three ways: edges of the graph, key, explanation.
//!
//! The three cannot disagree since all read the same steps.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Artifact, ArtifactId, Digest, Hasher, ParseDigestError};

/// Shows a stage's inputs, one by one; see the methods of `dyn Key`.
pub trait Key {
    /// Shows an artifact that the stage reads.
    fn artifact_raw(&mut self, label: &str, artifact: ArtifactId);
    /// Shows a value that decides what the stage makes, or why it cannot be written down.
    fn value_raw(&mut self, label: &str, value: Result<Value, serde_json::Error>);
    /// Shows a secret that decides what the stage makes.
    fn secret_raw(&mut self, label: &str, secret: &[u8]);
}

impl dyn Key + '_ {
    /// Shows an artifact that the stage reads.
    pub fn artifact<T>(&mut self, label: &str, artifact: Artifact<T>) {
        self.artifact_raw(label, artifact.id());
    }

    /// Shows a value that decides what the stage makes. Sort what has no order of its own.
    pub fn value(&mut self, label: &str, value: &(impl Serialize + ?Sized)) {
        self.value_raw(label, serde_json::to_value(value));
    }

    /// Shows a secret that decides what the stage makes: a password or a key. What the store keeps of it,
    /// and people see, is a digest made with the store's salt, so that a short one cannot be guessed.
    pub fn secret(&mut self, label: &str, secret: impl AsRef<[u8]>) {
        self.secret_raw(label, secret.as_ref());
    }
}

/// The hash of a stage's name, version and inputs; finds its outputs in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct StageKey(Digest);

impl StageKey {
    /// The 64 hex digits.
    pub fn hex(&self) -> String {
        self.0.hex()
    }
}

impl fmt::Display for StageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for StageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl FromStr for StageKey {
    type Err = ParseDigestError;

    fn from_str(hex: &str) -> Result<Self, ParseDigestError> {
        Digest::from_hex(hex).map(Self)
    }
}

impl From<StageKey> for String {
    fn from(key: StageKey) -> Self {
        key.hex()
    }
}

impl TryFrom<String> for StageKey {
    type Error = ParseDigestError;

    fn try_from(hex: String) -> Result<Self, ParseDigestError> {
        hex.parse()
    }
}

/// One input of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An artifact.
    Artifact(String, ArtifactId),
    /// A value, as JSON with sorted fields.
    Value(String, String),
    /// A secret.
    Secret(String, Hidden),
}

/// Bytes that nobody may see.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(Vec<u8>);

impl Hidden {
    /// Returns a digest by which nobody without the salt can check a guess.
    pub(crate) fn digest(&self, salt: &Salt) -> Digest {
        let mut hasher = Hasher::new();
        add(&mut hasher, "secret", &salt.0);
        add(&mut hasher, "", &self.0);
        hasher.finish()
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Random bytes of a store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Salt(pub(crate) [u8; 32]);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(salt)")
    }
}

/// All inputs of a stage, in the order in which it showed them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    steps: Vec<Step>,
    mistake: Option<String>,
}

impl Key for Walk {
    fn artifact_raw(&mut self, label: &str, artifact: ArtifactId) {
        self.steps.push(Step::Artifact(label.to_owned(), artifact));
    }

    fn value_raw(&mut self, label: &str, value: Result<Value, serde_json::Error>) {
        match value {
            Ok(value) => self.steps.push(Step::Value(label.to_owned(), canonical(value))),
            Err(error) => {
                self.mistake = Some(format!("its input `{label}` cannot be written down: {error}"))
            }
        }
    }

    fn secret_raw(&mut self, label: &str, secret: &[u8]) {
        self.steps.push(Step::Secret(label.to_owned(), Hidden(secret.to_owned())));
    }
}

impl Walk {
    /// The steps, for people.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Why the walk cannot make a key.
    pub(crate) fn mistake(&self) -> Option<&str> {
        self.mistake.as_deref()
    }

    /// The artifacts: the edges of the graph.
    pub(crate) fn artifacts(&self) -> BTreeSet<ArtifactId> {
        let artifact = |step: &Step| match step {
            Step::Artifact(_, artifact) => Some(*artifact),
            Step::Value(..) | Step::Secret(..) => None,
        };
        self.steps.iter().filter_map(artifact).collect()
    }

    /// The key, if the digest of every artifact is known.
    pub(crate) fn key(
        &self,
        name: &str,
        version: u32,
        salt: &Salt,
        digest: impl Fn(ArtifactId) -> Option<Digest>,
    ) -> Option<StageKey> {
        let mut hasher = Hasher::new();
        add(&mut hasher, "stage", format!("{name}@{version}").as_bytes());
        for step in &self.steps {
            match step {
                Step::Artifact(label, artifact) => {
                    add(&mut hasher, label, digest(*artifact)?.to_string().as_bytes())
                }
                // The space cannot begin a digest, so a value never passes for an artifact.
                Step::Value(label, json) => add(&mut hasher, label, format!(" {json}").as_bytes()),
                // Nor can an S.
                Step::Secret(label, secret) => {
                    add(&mut hasher, label, format!("S{}", secret.digest(salt)).as_bytes())
                }
            }
        }
        Some(StageKey(hasher.finish()))
    }
}

fn add(hasher: &mut Hasher, label: &str, bytes: &[u8]) {
    for part in [label.as_bytes(), bytes] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
}

/// Writes JSON with sorted fields, also where another crate turned on serde_json's `preserve_order`.
fn canonical(mut value: Value) -> String {
    value.sort_all_objects();
    value.to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn key(show: impl Fn(&mut dyn Key)) -> StageKey {
        let mut walk = Walk::default();
        show(&mut walk);
        walk.key("test", 1, &Salt([7; 32]), |_| None).unwrap()
    }

    #[test]
    fn a_secret_decides_and_is_not_seen() {
        let mut walk = Walk::default();
        let shown: &mut dyn Key = &mut walk;
        shown.secret("password", "hunter2");
        assert!(!format!("{walk:?}").contains("hunter2") && !format!("{walk:?}").contains("104"));
        let with = |salt: u8| walk.key("test", 1, &Salt([salt; 32]), |_| None).unwrap();
        assert_eq!(with(7), key(|key| key.secret("password", "hunter2")));
        assert_ne!(with(7), key(|key| key.secret("password", "hunter3")));
        assert_ne!(with(7), with(8), "a guess cannot be checked without the salt");
    }

    #[test]
    fn neighbours_do_not_run_together() {
        assert_ne!(key(|key| key.value("ab", "c")), key(|key| key.value("a", "bc")));
        assert_ne!(
            key(|key| key.value("a", "b")),
            key(|key| {
                key.value("a", "b");
                key.value("", "");
            })
        );
    }

    #[test]
    fn fields_are_sorted() {
        let mut value = serde_json::Map::new();
        value.insert("b".to_owned(), 1.into());
        value.insert("a".to_owned(), 2.into());
        assert_eq!(canonical(Value::Object(value)), r#"{"a":2,"b":1}"#);
    }

    #[test]
    fn what_json_cannot_write_is_a_mistake() {
        let mut walk = Walk::default();
        let key: &mut dyn Key = &mut walk;
        key.value("owners", &BTreeMap::from([((1, 2), 3)]));
        assert_eq!(
            walk.mistake(),
            Some("its input `owners` cannot be written down: key must be a string")
        );
    }
}
