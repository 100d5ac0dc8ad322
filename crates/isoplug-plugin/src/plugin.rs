//! A plugin as a manifest uses it, and what it says of itself.

use isoplug_manifest::plugin::{Grants, Requests};
use semver::Version;
use serde_json::Value as Json;

use crate::Component;

/// A plugin with its options and grants, ready to be called.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// Its name in the manifest.
    pub name: String,
    /// What runs.
    pub component: Component,
    /// What it says of itself.
    pub description: Description,
    /// Its options, checked against its schema, with defaults in.
    pub options: Json,
    /// What it may see and contribute.
    pub grants: Grants,
}

impl Plugin {
    /// Returns its id and version, as messages show them.
    pub fn identity(&self) -> String {
        format!("{} {}", self.description.id, self.description.version)
    }
}

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Its id, such as `acme.hardening`.
    pub id: String,
    /// Its version.
    pub version: Version,
    /// What it is for, in one line.
    pub summary: String,
    /// Its licence; an SPDX expression.
    pub licence: String,
    /// Its page; empty if it has none.
    pub homepage: String,
    /// The stages that it plans.
    pub stages: Vec<String>,
    /// The architectures of images that it is for, in Debian's words; empty for all.
    pub architectures: Vec<String>,
    /// The schema of its options: an object, without references.
    pub options: Json,
    /// What it asks for.
    pub requests: Requests,
    /// Examples of its options.
    pub examples: Vec<Example>,
    /// The whole document, keys sorted: what a lock takes the digest of.
    pub json: String,
}

/// An example of a plugin's options.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What it shows.
    pub title: String,
    /// The options.
    pub config: Json,
}
