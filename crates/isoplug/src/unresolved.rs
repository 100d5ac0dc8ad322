//! Turns the reasons why a profile cannot be locked into failures, on the manifest's lines.

mod packages;
mod sources;
mod trust;

use isoplug_fetch::DISTRUSTED;
use isoplug_manifest::{Diagnostic, Diagnostics, System};
use isoplug_packages::apt::Error as SourceError;
use isoplug_packages::locking;
use isoplug_packages::resolve;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome;

/// Returns the failure for an error of locking.
pub(crate) fn failure(error: &locking::Error, system: &System) -> Failure {
    match error {
        locking::Error::Source(error) => source(error, system),
        locking::Error::Resolve(error) => unchosen(error, system),
    }
}

/// Returns the failure for packages that cannot be chosen.
fn unchosen(error: &resolve::Error, system: &System) -> Failure {
    match error {
        resolve::Error::Unknown(unknown) => packages::unknown(unknown, system),
        resolve::Error::UnmetPins(places) => packages::unmet(places, system),
        resolve::Error::Unsatisfiable(conflict) if conflict.gave_up => gave_up(error, system),
        resolve::Error::Unsatisfiable(conflict) => packages::unsatisfiable(conflict, system),
        error => {
            let message = format!("cannot choose the packages of {}", system.profile);
            Failure::new(Exit::Manifest, message).because(error)
        }
    }
}

/// Returns the failure for a choice that was not made in time.
fn gave_up(error: &resolve::Error, system: &System) -> Failure {
    let message = format!("cannot choose the packages of {}", system.profile);
    let hint = "one source after the other, to see whose packages are so entangled";
    Failure::new(Exit::Failed, message).because_only(error).hint(hint)
}

/// Returns the failure for a source that cannot be read.
pub(crate) fn source(error: &SourceError, system: &System) -> Failure {
    if let Some((place, diagnostic)) = sources::of_manifest(error, system) {
        return at_manifest(system, &place, diagnostic);
    }
    let profile = &system.profile;
    let failure = Failure::new(Exit::Failed, format!("cannot read the sources of {profile}"));
    match error {
        SourceError::Download { source, .. } => failure.because(source).hint(reached(source)),
        SourceError::Offline { .. } => {
            failure.because(error).hint("run it once without --offline to fill the store")
        }
        SourceError::Untrusted { source, .. } => trust::hint(source, failure.because(error)),
        SourceError::Older { .. } => failure.because(error).hint(
            "again later or another mirror; `isoplug update --allow-older` goes back in time",
        ),
        SourceError::WrongIndex { .. } | SourceError::Damaged { .. } => {
            failure.because(error).hint("again later: the mirror may be in the middle of an update")
        }
        SourceError::Cache { source, .. } if outcome::is_full(source) => outcome::full(error),
        _ => failure.because(error),
    }
}

/// Returns how a mirror may be reached after all.
fn reached(error: &isoplug_fetch::Error) -> &'static str {
    match error.is_distrust() {
        true => DISTRUSTED,
        false => "again later, or name another mirror in `mirrors` of the source",
    }
}

/// Draws a diagnostic on the manifest line of something outside of profiles, if there is one.
fn at_manifest(system: &System, path: &str, diagnostic: Diagnostic) -> Failure {
    let diagnostic = match system.manifest_origin(path) {
        Some(origin) => diagnostic.at(origin, ""),
        None => diagnostic,
    };
    Failure::manifest(Diagnostics { list: vec![diagnostic], texts: system.texts.clone() })
}
