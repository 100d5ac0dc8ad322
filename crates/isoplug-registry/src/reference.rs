//! Reads where a plugin is: a repository of a registry, or a folder with an OCI image layout.
//!
//! ```text
//! registry.example.com/acme/hardening            the newest version that is required
//! registry.example.com/acme/hardening:1.2.0      a tag
//! registry.example.com/acme/hardening@sha256:…   exactly this manifest
//! http://127.0.0.1:5000/acme/hardening           without TLS
//! oci-layout:/folder                             the one plugin of a folder
//! oci-layout:/folder#ghcr.io/acme/hardening      one of several
//! ```

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::Error;
use isoplug_engine::Digest;

/// Where a plugin is, and which of its versions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    /// The repository or folder.
    pub place: Place,
    /// A tag, such as a version.
    pub tag: Option<String>,
    /// The digest of the manifest.
    pub digest: Option<Digest>,
}

/// A repository of a registry, or a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A repository behind HTTP.
    Registry {
        /// The name of the registry, with its port if it has one.
        host: String,
        /// The name within the registry: `acme/hardening`.
        repository: String,
        /// Whether to speak HTTP without TLS.
        plain: bool,
    },
    /// A folder with an OCI image layout.
    Layout {
        /// The folder.
        folder: PathBuf,
        /// The plugin's name in it, if it holds several: `ghcr.io/acme/hardening`.
        name: Option<String>,
    },
}

impl Reference {
    /// Returns this reference with another tag and no digest.
    #[must_use]
    pub fn tagged(&self, tag: &str) -> Self {
        Self { place: self.place.clone(), tag: Some(tag.to_owned()), digest: None }
    }

    /// Returns the name that signatures and trust rules speak of, which is the same in a registry
    /// and in its mirrors: `ghcr.io/acme/hardening`. None for a folder without a name.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match &self.place {
            Place::Registry { host, repository, .. } => Some(format!("{host}/{repository}")),
            Place::Layout { name, .. } => name.clone(),
        }
    }

    /// Returns what the lock calls the source: `oci://` and the repository without tag or digest,
    /// or as [`Display`](fmt::Display) writes it where that says how to get there.
    #[must_use]
    pub fn source(&self) -> String {
        match self.place.to_string() {
            place if place.contains("://") || place.starts_with(LAYOUT) => place,
            place => format!("oci://{place}"),
        }
    }
}

const LAYOUT: &str = "oci-layout:";

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry { host, repository, plain } => {
                let scheme = match (plain, is_loopback(host)) {
                    (true, false) => "http://",
                    (false, true) => "https://",
                    (true, true) => "",
                    (false, false) if check_host(host, false).is_ok() => "",
                    (false, false) => "https://",
                };
                write!(f, "{scheme}{host}/{repository}")
            }
            Self::Layout { folder, name } => {
                write!(f, "{LAYOUT}{}", folder.display())?;
                name.iter().try_for_each(|name| write!(f, "#{name}"))
            }
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::Reference { text: text.to_owned(), why };
        let (rest, digest) = match text.rsplit_once('@') {
            Some((rest, digest)) if digest.contains(':') && !digest.contains('/') => {
                let digest: Result<Digest, _> = digest.parse();
                (rest, Some(digest.map_err(|why| wrong(why.to_string()))?))
            }
            _ => (text, None),
        };
        let (place, tag) = match rest.rsplit_once(':') {
            Some((place, tag)) if place != "oci-layout" && is_tag(tag) && has_path(place) => {
                (place, Some(tag.to_owned()))
            }
            _ => (rest, None),
        };
        let place = match place.strip_prefix(LAYOUT) {
            Some(folder) => layout(folder),
            None => registry(place),
        };
        Ok(Self { place: place.map_err(wrong)?, tag, digest })
    }
}

/// Whether a colon after this text begins a tag: after `host` alone, it begins a port.
fn has_path(place: &str) -> bool {
    place.starts_with(LAYOUT) || place.split_once("://").map_or(place, |(_, r)| r).contains('/')
}

fn layout(text: &str) -> Result<Place, String> {
    let (folder, name) = match text.split_once('#') {
        Some((folder, name)) => (folder, Some(name)),
        None => (text, None),
    };
    if folder.is_empty() || folder.contains('\0') {
        return Err("the folder has no name".to_owned());
    }
    if let Some(name) = name {
        registry(name)?;
    }
    Ok(Place::Layout { folder: PathBuf::from(folder), name: name.map(str::to_owned) })
}

fn registry(text: &str) -> Result<Place, String> {
    let (plain, rest) = match text.split_once("://") {
        Some(("http", rest)) => (true, rest),
        Some(("https" | "oci", rest)) => (false, rest),
        Some((scheme, _)) => return Err(format!("{scheme}:// is unknown")),
        None => (false, text),
    };
    let (host, repository) = rest.split_once('/').ok_or("there is no / in it")?;
    check_host(host, text.contains("://"))?;
    check_repository(repository)?;
    let plain = plain || (is_loopback(host) && !text.starts_with("https://"));
    Ok(Place::Registry { host: host.to_owned(), repository: repository.to_owned(), plain })
}

fn check_host(host: &str, has_scheme: bool) -> Result<(), String> {
    let (name, port) = split_port(host);
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(format!("\"{host}\" has no valid port"));
    }
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let well_formed = match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.split('.').all(is_label),
    };
    let is_registry = name.contains('.') || port.is_some() || name == "localhost";
    match well_formed && (is_registry || has_scheme || inner.is_some()) {
        true => Ok(()),
        false => Err(format!("\"{host}\" is not the name of a registry")),
    }
}

fn is_label(label: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !label.is_empty()
        && label.bytes().all(of_name)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

/// Tells whether the host is this machine, with which HTTP without TLS is as good.
fn is_loopback(host: &str) -> bool {
    let name = split_port(host).0;
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// OCI distribution specification, "Pulling manifests": lower case, and one of `.`, `_`, `__` or
/// any number of `-` between letters and digits.
fn check_repository(name: &str) -> Result<(), String> {
    let part = |part: &str| {
        let mut inner = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let separator =
            |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|b| b == b'-');
        let edge =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        inner.all(separator) && edge(part.chars().next()) && edge(part.chars().next_back())
    };
    match name.len() <= 255 && name.split('/').all(part) {
        true => Ok(()),
        false => Err(format!(
            "\"{name}\" is not the name of a repository: lower-case letters and digits, with . _ - or / \
             between them"
        )),
    }
}

/// OCI distribution specification, "Pulling manifests".
pub(super) fn is_tag(text: &str) -> bool {
    let of_tag = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=128).contains(&text.len())
        && text.bytes().all(of_tag)
        && !text.starts_with('.')
        && !text.starts_with('-')
}

impl TryFrom<String> for Reference {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests;
