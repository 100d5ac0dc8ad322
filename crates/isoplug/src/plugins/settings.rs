//! What the user's own configuration says of plugins: trust, mirrors, indices, credentials.
//!
//! The file is `isoplug/config.toml` in the user's configuration folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use isoplug_manifest::plugin::Trust;
use isoplug_registry::{Credentials, Policy, Registries};
use serde::Deserialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// The user's configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Settings {
    /// A policy beside the manifest's; what both accept is accepted.
    trust: Option<Trust>,
    registries: Listed,
    /// What to read in place of a registry: `"ghcr.io" = "oci-layout:/media/usb"`.
    mirror: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Listed {
    /// Indices to search: `registry.example.com/isoplug/isoplug-index`.
    indices: Vec<String>,
}

impl Settings {
    /// Reads the user's configuration; without a file it says nothing.
    pub(crate) fn read(session: &Session) -> Result<Self, Failure> {
        let Some(path) = session.configuration() else { return Ok(Self::default()) };
        let wrong = |error: &dyn std::error::Error| {
            Failure::new(Exit::Manifest, format!("cannot use {}", path.display()))
                .because_only(error)
        };
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| wrong(&error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(wrong(&error)),
        }
    }

    /// Returns the indices to search.
    pub(crate) fn indices(&self) -> &[String] {
        &self.registries.indices
    }

    /// Returns the policies: the manifest's, if it has one, and the user's.
    pub(crate) fn policies(&self, manifest: Option<&Trust>) -> Result<Vec<Policy>, Failure> {
        let policies = manifest.into_iter().chain(&self.trust).map(Policy::new);
        policies
            .collect::<Result<_, _>>()
            .map_err(|why| Failure::new(Exit::Manifest, format!("[trust] cannot be used: {why}")))
    }

    /// Returns the way to registries.
    pub(crate) fn registries(&self, session: &Session) -> Result<Registries, Failure> {
        let authorities = session.authorities();
        let credentials = credentials(session)?;
        let cancel = session.cancel.clone();
        let mut registries =
            Registries { credentials, authorities, cancel, ..Registries::default() };
        for (part, mirror) in &self.mirror {
            let mirror = mirror.parse().map_err(|error| {
                Failure::new(Exit::Manifest, format!("the mirror of {part} cannot be used"))
                    .because(&error)
            })?;
            registries.mirrors.insert(part.clone(), mirror);
        }
        Ok(registries)
    }
}

/// Reads the files that `docker login` and `podman login` write.
fn credentials(session: &Session) -> Result<Credentials, Failure> {
    let mut credentials = Credentials::default();
    for path in session.credential_files() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        credentials.add_file(&path.display().to_string(), &text).map_err(|error| {
            Failure::new(Exit::Manifest, format!("cannot use {}", path.display()))
                .because_only(&error)
        })?;
    }
    credentials.set_helper(Box::new(ask_helper));
    Ok(credentials)
}

/// Runs a program that keeps secrets (docker-credential-helpers, "get").
fn ask_helper(program: &str, server: &str) -> Result<Option<String>, String> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let name = format!("docker-credential-{program}");
    if Path::new(&name).components().count() != 1 {
        return Err(format!("\"{program}\" is not the name of a program"));
    }
    let child = Command::new(&name).arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| format!("{name}: {error}"))?;
    let mut input = child.stdin.take().ok_or("it takes no input")?;
    input.write_all(server.as_bytes()).map_err(|error| error.to_string())?;
    drop(input);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(Some(text)),
        false if text.contains("not found") => Ok(None),
        false => Err(text.trim().to_owned()),
    }
}
