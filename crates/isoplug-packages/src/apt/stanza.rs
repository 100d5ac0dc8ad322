//! A source of packages as apt of an image reads it. Knows no archive, and writes no file.

use std::collections::BTreeMap;

use serde::Serialize;

/// One stanza of sources.list(5), "deb822-style format".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stanza {
    /// The file name without its ending: `debian`. Sources of one name share a file.
    pub name: String,
    /// The addresses.
    pub uris: Vec<String>,
    /// The suites.
    pub suites: Vec<String>,
    /// The components.
    pub components: Vec<String>,
    /// What signs it.
    pub signed_by: SignedBy,
    /// The priorities of suites that have not those which apt gives them by itself (apt_preferences(5)).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub priorities: BTreeMap<String, i32>,
}

/// What signs a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum SignedBy {
    /// A key file of the image.
    Keyring(String),
    /// An armoured key, which is written beside the source.
    Key(String),
}
