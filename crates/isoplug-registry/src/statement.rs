//! What a signature says: that this component is this version of this plugin, published there.
//!
//! Name, place, version and digests are signed together, so that nobody can present an old
//! version as a new one, or one plugin as another.

use semver::Version;
use serde::{Deserialize, Serialize};

use super::canonical::canonical;
use isoplug_engine::Digest;

/// The `type` of the statements that this program makes and believes.
pub(super) const TYPE: &str = "application/vnd.isoplug.release.v1";

/// The signed words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Always `application/vnd.isoplug.release.v1`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The plugin's `id`.
    pub name: String,
    /// The registry and repository: `ghcr.io/acme/isoplug-hardening`.
    pub reference: String,
    /// The version.
    #[serde(with = "super::text")]
    pub version: Version,
    /// The digest of the component.
    pub component: Digest,
    /// The digest of the manifest.
    pub manifest: Digest,
    /// The digest of what `describe` says.
    pub describe: Digest,
    /// The digest of the manifest of the version before, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
}

impl Statement {
    /// Returns the bytes that are signed: canonical JSON.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let document = serde_json::to_value(self).unwrap_or_default();
        canonical(&document).into_bytes()
    }

    /// Reads the bytes that were signed.
    ///
    /// # Errors
    ///
    /// Why they are no statement.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let statement: Self = serde_json::from_slice(bytes).map_err(|why| why.to_string())?;
        match (statement.kind == TYPE, statement.bytes() == bytes) {
            (false, _) => Err(format!("its type is \"{}\", expected {TYPE}", statement.kind)),
            (true, false) => Err("it is not in canonical form".to_owned()),
            (true, true) => Ok(statement),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_back() {
        let digest = Digest::of(b"");
        let statement = Statement {
            kind: TYPE.to_owned(),
            name: "acme.x".to_owned(),
            reference: "ghcr.io/acme/x".to_owned(),
            version: Version::new(1, 2, 0),
            component: digest,
            manifest: digest,
            describe: digest,
            previous: None,
        };
        let text = String::from_utf8(statement.bytes()).unwrap();
        let expected = format!(
            r#"{{"component":"{digest}","describe":"{digest}","manifest":"{digest}","name":"acme.x","reference":"ghcr.io/acme/x","type":"{TYPE}","version":"1.2.0"}}"#
        );
        assert_eq!(text, expected);
        assert_eq!(Statement::read(text.as_bytes()), Ok(statement));
        assert!(Statement::read(text.replace("{\"component", "{ \"component").as_bytes()).is_err());
        assert!(Statement::read(text.replace("release.v1", "release.v2").as_bytes()).is_err());
        assert!(Statement::read(b"{}").is_err());
    }
}
