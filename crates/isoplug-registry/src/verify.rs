//! Reads again, from the first byte, everything that a lock names, and judges it anew.

use super::error::Error;
use super::pin::Pin;
use super::signature::signatures;
use super::transport::{COMPONENT_LIMIT, Transport, check_same};
use super::trust::{Claim, Policy, Verdict, judge};

/// What was found out about one plugin of a lock.
#[derive(Debug)]
pub struct Row {
    /// Its name in the manifest.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
    /// The repository or folder that was read.
    pub place: String,
    /// Who signed, or what is wrong.
    pub verdict: Result<Verdict, Error>,
}

/// Verifies each plugin of a lock in a repository or folder: the bytes of manifest and component,
/// what `describe` said, the signatures, and that the same publisher signed.
pub fn verify(from: &dyn Transport, locked: &[Pin], policies: &[Policy]) -> Vec<Row> {
    let row = |plugin: &Pin| Row {
        name: plugin.name.clone(),
        version: plugin.version.clone(),
        place: from.place(),
        verdict: verify_one(from, plugin, policies),
    };
    locked.iter().map(row).collect()
}

fn verify_one(from: &dyn Transport, plugin: &Pin, policies: &[Policy]) -> Result<Verdict, Error> {
    let release = plugin.release(from)?;
    from.blob(&release.component, COMPONENT_LIMIT)?;
    if let Some(description) = &release.description {
        let (locked, found) = (plugin.describe, description.digest());
        check_same(&from.place(), "the locked description", locked, found)?;
    }
    let signatures = signatures(from, plugin.manifest)?;
    let claim = Claim::of(&plugin.source, &release, &signatures).locked(Some(plugin));
    let verdict = judge(policies, &claim)?;
    check_publisher(from, plugin, verdict)
}

/// Another signer is no better than another digest.
fn check_publisher(from: &dyn Transport, plugin: &Pin, verdict: Verdict) -> Result<Verdict, Error> {
    let (locked, found) = (&plugin.publisher, verdict.to_string());
    match *locked == found {
        true => Ok(verdict),
        false => {
            let what = format!("the signature of {} {}", plugin.name, plugin.version);
            let why = format!("the lock says that {locked} published it, and it is {found}");
            Err(Error::document(&from.place(), &what, why))
        }
    }
}
