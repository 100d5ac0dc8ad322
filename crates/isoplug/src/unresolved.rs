//! Turns the reasons why a profile cannot be locked into failures, on the manifest's lines.

mod packages;
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
        locking::Error::Resolve(resolve::Error::Unknown(unknown)) => {
            packages::unknown(unknown, system)
        }
        locking::Error::Resolve(error @ resolve::Error::Unsatisfiable(conflict))
            if conflict.gave_up =>
        {
            let message = format!("cannot choose the packages of {}", system.profile);
            let hint = "one source after the other, to see whose packages are so entangled";
            Failure::new(Exit::Failed, message).because_only(error).hint(hint)
        }
        locking::Error::Resolve(resolve::Error::Unsatisfiable(conflict)) => {
            packages::unsatisfiable(conflict, system)
        }
        locking::Error::Resolve(error) => {
            let message = format!("cannot choose the packages of {}", system.profile);
            Failure::new(Exit::Manifest, message).because(error)
        }
    }
}

/// Returns the failure for a source that cannot be read.
pub(crate) fn source(error: &SourceError, system: &System) -> Failure {
    if let Some((place, diagnostic)) = of_manifest(error, system) {
        return at_manifest(system, &place, diagnostic);
    }
    let profile = &system.profile;
    let failure = Failure::new(Exit::Failed, format!("cannot read the sources of {profile}"));
    match error {
        SourceError::Download { source, .. } if source.is_distrust() => {
            failure.because(source).hint(DISTRUSTED)
        }
        SourceError::Download { source, .. } => {
            let hint = "again later, or name another mirror in `mirrors` of the source";
            failure.because(source).hint(hint)
        }
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

/// Draws a diagnostic on the manifest line of something outside of profiles, if there is one.
fn at_manifest(system: &System, path: &str, diagnostic: Diagnostic) -> Failure {
    let diagnostic = match system.manifest_origin(path) {
        Some(origin) => diagnostic.at(origin, ""),
        None => diagnostic,
    };
    Failure::manifest(Diagnostics { list: vec![diagnostic], texts: system.texts.clone() })
}

/// Returns the place in the manifest that would mend the error, if there is one.
fn of_manifest(error: &SourceError, system: &System) -> Option<(String, Diagnostic)> {
    let in_suite = |suite: &str, key: &str| format!("{}.{key}", table_of(suite, system));
    Some(match error {
        SourceError::NoMirror { source_name } => {
            let message = format!("no mirror is known for the source `{source_name}`");
            let help = "name one: mirrors = [\"https://...\"]";
            let place = format!("sources.{source_name}.suite");
            (place, Diagnostic::error("no-mirror", message).help(help))
        }
        SourceError::UnknownSuite { source_name, suite, tried, flat } => {
            let message = match flat {
                true => {
                    format!("no mirror of `{source_name}` has a signed repository at `{suite}`")
                }
                false => format!("no mirror of `{source_name}` has the suite `{suite}`"),
            };
            let help = format!("these were asked, and `Release` beside: {}", tried.join(", "));
            let place = format!("sources.{source_name}.suite");
            (place, Diagnostic::error("unknown-suite", message).help(help))
        }
        SourceError::Unsigned { source_name, suite } => {
            let message = format!("the suite `{suite}` of `{source_name}` is not signed");
            let help = "it has a Release file, and neither InRelease nor Release.gpg; ask its owner to sign it";
            let place = format!("sources.{source_name}.suite");
            (place, Diagnostic::error("unsigned", message).help(help))
        }
        SourceError::WrongSuite { source_name, suite, found, .. } => {
            let name = found.last().map_or("", String::as_str);
            let message = format!(
                "what the mirror has as `{suite}` says that it is `{}`",
                found.join("` or `")
            );
            let help = format!(
                "another mirror; or, if this is right, `codename = \"{name}\"` in [sources.{source_name}]"
            );
            let place = format!("sources.{source_name}.suite");
            (place, Diagnostic::error("wrong-suite", message).help(help))
        }
        SourceError::Renamed { source_name, suite, was, now } => {
            let message =
                format!("the suite `{suite}` was {was} when it was locked, and is {now} now");
            let help = format!(
                "write `suite = \"{was}\"` to stay, or accept it by `isoplug update --allow-suite-change`"
            );
            let place = format!("sources.{source_name}.suite");
            (place, Diagnostic::error("renamed-suite", message).help(help))
        }
        SourceError::UnknownComponent { suite, component, known } => {
            let message = format!("the suite `{suite}` has no component `{component}`");
            let help = format!("it has {}", known.join(", "));
            let diagnostic = Diagnostic::error("unknown-component", message).help(help);
            (in_suite(suite, "components"), diagnostic)
        }
        SourceError::UnknownArchitecture { suite, architecture, known } => {
            let message = format!("the suite `{suite}` has no packages for {architecture}");
            let help = format!("it has {}", known.join(", "));
            (in_suite(suite, "suite"), Diagnostic::error("unknown-arch", message).help(help))
        }
        SourceError::Keyring { source_name, source } => {
            let message = format!("cannot use the keyring of `{source_name}`: {source}");
            let help = trust::usable(source);
            let place = format!("sources.{source_name}.{}", trust::place(source));
            (place, Diagnostic::error("bad-keyring", message).help(help))
        }
        _ => return None,
    })
}

/// Returns the table of the source that a suite belongs to, as it is or as a further suite.
fn table_of(suite: &str, system: &System) -> String {
    let belongs = |own: &str| {
        suite.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let source = system.sources.iter().find(|(_, source)| belongs(&source.suite));
    source.map_or_else(String::new, |(name, _)| format!("sources.{name}"))
}
