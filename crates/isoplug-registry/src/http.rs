//! Opens repositories over HTTP, each with its credentials, and mirrors in their place.
//!
//! A client of the OCI distribution specification 1.1. It waits and asks again when a server is
//! busy or a connection breaks, and speaks HTTP without TLS only where the reference says so.

mod answer;
mod auth;
mod exchange;
mod link;
mod repository;
mod upload;

use std::collections::BTreeMap;
use std::time::Duration;

use isoplug_engine::CancelToken;
use isoplug_fetch::{Authorities, Manner, Patience, agent};

use super::credentials::Credentials;
use super::error::Error;
use super::layout::Layout;
use super::reference::{Place, Reference};
use super::transport::Transport;
use exchange::{Exchange, Way};
use repository::Repository;

/// How long a server may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// How to get to registries.
#[derive(Debug, Default)]
pub struct Registries {
    /// Who we are to whom.
    pub credentials: Credentials,
    /// Who may vouch for the servers.
    pub authorities: Authorities,
    /// How often to ask again.
    pub patience: Patience,
    /// Whether to stop.
    pub cancel: CancelToken,
    /// What to read in place of a registry or a part of it: `ghcr.io` or `ghcr.io/acme` to a
    /// folder `oci-layout:/media/usb` or another registry. The longest name that fits counts.
    pub mirrors: BTreeMap<String, Mirror>,
}

/// What is read in place of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror(String);

impl std::str::FromStr for Mirror {
    type Err = Error;

    /// Reads `oci-layout:/folder`, or a registry with or without a first part of its names.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim_end_matches('/');
        let probe =
            if text.starts_with("oci-layout:") { text.to_owned() } else { format!("{text}/x") };
        let reference: Reference = probe.parse()?;
        match reference.tag.is_none() && reference.digest.is_none() {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::Reference {
                text: text.to_owned(),
                why: "a mirror has no tag and no digest".to_owned(),
            }),
        }
    }
}

impl Registries {
    /// Opens what is to be read: the mirror if there is one.
    ///
    /// # Errors
    ///
    /// When a folder is no OCI image layout, the file of authorities cannot be used, or a
    /// credentials program fails.
    pub fn open(&self, reference: &Reference) -> Result<Box<dyn Transport>, Error> {
        self.open_origin(&self.mirrored(reference)?)
    }

    /// Opens the place itself, to write or to look at what is published.
    ///
    /// # Errors
    ///
    /// As [`Registries::open`].
    pub fn open_origin(&self, reference: &Reference) -> Result<Box<dyn Transport>, Error> {
        match &reference.place {
            Place::Layout { folder, name } => Ok(Box::new(Layout::open(folder, name.as_deref())?)),
            Place::Registry { host, repository, plain } => {
                let credential = self.credentials.find(host, repository)?;
                let authorities = if *plain { &Authorities::BuiltIn } else { &self.authorities };
                let manner = Manner { silence: SILENCE, connections: 1, https_only: !plain };
                let agent = agent(authorities, manner)?;
                let way = Way { agent, patience: self.patience, cancel: self.cancel.clone() };
                let server = server(host);
                let exchange = Exchange::new(way, credential, server, repository);
                let place = format!("{host}/{repository}");
                let scheme = if *plain { "http" } else { "https" };
                let base = format!("{scheme}://{server}/v2/{repository}");
                Ok(Box::new(Repository { exchange, place, base }))
            }
        }
    }

    /// Returns where a reference is read from.
    ///
    /// # Errors
    ///
    /// When the mirror and the name together are no reference.
    pub fn mirrored(&self, reference: &Reference) -> Result<Reference, Error> {
        let (Some(name), Place::Registry { .. }) = (reference.name(), &reference.place) else {
            return Ok(reference.clone());
        };
        let fits = |part: &&String| {
            name.strip_prefix(part.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let Some(part) = self.mirrors.keys().filter(fits).max_by_key(|part| part.len()) else {
            return Ok(reference.clone());
        };
        let Mirror(mirror) = &self.mirrors[part];
        let text = match mirror.starts_with("oci-layout:") {
            true => format!("{mirror}#{name}"),
            false => format!("{mirror}{}", &name[part.len()..]),
        };
        let place = text.parse::<Reference>()?.place;
        Ok(Reference { place, ..reference.clone() })
    }
}

/// Docker Hub is called by another name than that of its server.
fn server(host: &str) -> &str {
    match host {
        "docker.io" | "index.docker.io" => "registry-1.docker.io",
        host => host,
    }
}

#[cfg(test)]
mod tests {
    use super::{Mirror, Registries};

    #[test]
    fn the_longest_mirror_that_fits_is_read() {
        let mirror = |text: &str| text.parse::<Mirror>().unwrap();
        let mirrors = [
            ("ghcr.io".to_owned(), mirror("oci-layout:/media/usb")),
            ("ghcr.io/acme".to_owned(), mirror("mirror.corp:5000/ghcr/")),
        ];
        let registries = Registries { mirrors: mirrors.into(), ..Registries::default() };
        let read = |text: &str| registries.mirrored(&text.parse().unwrap()).unwrap().to_string();
        assert_eq!(read("ghcr.io/other/x:1.0.0"), "oci-layout:/media/usb#ghcr.io/other/x:1.0.0");
        assert_eq!(read("ghcr.io/acme/x"), "mirror.corp:5000/ghcr/x");
        assert_eq!(read("ghcr.io/acmes/x"), "oci-layout:/media/usb#ghcr.io/acmes/x");
        assert_eq!(read("quay.io/acme/x"), "quay.io/acme/x");
        assert!("mirror.corp/x:1.0".parse::<Mirror>().is_err() && "".parse::<Mirror>().is_err());
    }
}
