//! Draws what is wrong with a source on its lines of the manifest.

use std::path::Path;

use isoplug_manifest::{Diagnostic, System};
use isoplug_packages::apt::Error;
use isoplug_packages::keyring;

use super::trust;

/// Returns the place in the manifest that would mend the error, if there is one.
pub(super) fn of_manifest(error: &Error, system: &System) -> Option<(String, Diagnostic)> {
    Some((place(error, system)?, diagnostic(error)?))
}

fn place(error: &Error, system: &System) -> Option<String> {
    Some(match error {
        Error::NoMirror { source_name }
        | Error::UnknownSuite { source_name, .. }
        | Error::Unsigned { source_name, .. }
        | Error::WrongSuite { source_name, .. }
        | Error::Renamed { source_name, .. } => format!("sources.{source_name}.suite"),
        Error::UnknownComponent { suite, .. } => {
            format!("{}.components", table_of(suite, system))
        }
        Error::UnknownArchitecture { suite, .. } => format!("{}.suite", table_of(suite, system)),
        Error::TwoFiles { paths, .. } => folder_of(&paths[0], system)?,
        Error::OtherBytes { path, .. } | Error::DamagedFile { path, .. } => {
            folder_of(path, system)?
        }
        Error::Keyring { source_name, source } => {
            format!("sources.{source_name}.{}", trust::place(source))
        }
        _ => return None,
    })
}

#[expect(clippy::too_many_lines, reason = "a line or two for each error")]
fn diagnostic(error: &Error) -> Option<Diagnostic> {
    Some(match error {
        Error::NoMirror { source_name: name } => no_mirror(name),
        Error::UnknownSuite { source_name, suite, tried, flat, locked, snapshot } => {
            match (snapshot, locked) {
                (Some(moment), _) => not_at(source_name, suite, moment, tried),
                (None, true) => gone_suite(source_name, suite, tried),
                (None, false) => unknown_suite(source_name, suite, tried, *flat),
            }
        }
        Error::Unsigned { source_name: name, suite } => unsigned(name, suite),
        Error::WrongSuite { source_name: name, suite, found, .. } => {
            wrong_suite(name, suite, found)
        }
        Error::Renamed { suite, was, now, .. } => renamed(suite, was, now),
        Error::UnknownComponent { suite, component, known } => {
            unknown_component(suite, component, known)
        }
        Error::UnknownArchitecture { suite, architecture, known } => {
            unknown_architecture(suite, architecture, known)
        }
        Error::Keyring { source_name, source } => bad_keyring(source_name, source),
        error => return of_folder(error),
    })
}

/// Returns what is wrong with the files of a folder.
fn of_folder(error: &Error) -> Option<Diagnostic> {
    let text = error.to_string();
    Some(match error {
        Error::TwoFiles { .. } => Diagnostic::error("two-files", text)
            .help("remove one of them, or give it a version of its own"),
        Error::OtherBytes { .. } => Diagnostic::error("changed-package", text)
            .help("give what changed a version of its own; or accept it by `isoplug update`"),
        Error::DamagedFile { source, .. } => {
            Diagnostic::error("no-package", format!("{text}: {source}"))
                .help("build it again, or move it out of the folder")
        }
        _ => return None,
    })
}

fn no_mirror(name: &str) -> Diagnostic {
    let message = format!("no mirror is known for the source `{name}`");
    Diagnostic::error("no-mirror", message).help("name one: mirrors = [\"https://...\"]")
}

fn unknown_suite(name: &str, suite: &str, tried: &[String], flat: bool) -> Diagnostic {
    let message = match flat {
        true => format!("no mirror of `{name}` has a signed repository at `{suite}`"),
        false => format!("no mirror of `{name}` has the suite `{suite}`"),
    };
    let help = format!("these were asked, and `Release` beside: {}", tried.join(", "));
    Diagnostic::error("unknown-suite", message).help(help)
}

fn not_at(name: &str, suite: &str, moment: &str, tried: &[String]) -> Diagnostic {
    let message = format!("the snapshot {moment} of `{name}` has no suite `{suite}`");
    let help = format!(
        "name a moment at which there was such a suite, and that the service has; these were asked: {}",
        tried.join(", ")
    );
    Diagnostic::error("no-suite-then", message).help(help)
}

fn gone_suite(name: &str, suite: &str, tried: &[String]) -> Diagnostic {
    let message =
        format!("no mirror of `{name}` has the suite `{suite}` any more, which is locked");
    let help = format!(
        "name a mirror that keeps old suites, as archive.debian.org does, or another suite; what is locked is built from \
         the store or a folder `vendor` all the same; these were asked: {}",
        tried.join(", ")
    );
    Diagnostic::error("gone-suite", message).help(help)
}

fn unsigned(name: &str, suite: &str) -> Diagnostic {
    let message = format!("the suite `{suite}` of `{name}` is not signed");
    let help =
        "it has a Release file, and neither InRelease nor Release.gpg; ask its owner to sign it";
    Diagnostic::error("unsigned", message).help(help)
}

fn wrong_suite(name: &str, suite: &str, found: &[String]) -> Diagnostic {
    let says = found.join("` or `");
    let message = format!("what the mirror has as `{suite}` says that it is `{says}`");
    let codename = found.last().map_or("", String::as_str);
    let right = format!("`codename = \"{codename}\"` in [sources.{name}]");
    let help = format!("another mirror; or, if this is right, {right}");
    Diagnostic::error("wrong-suite", message).help(help)
}

fn renamed(suite: &str, was: &str, now: &str) -> Diagnostic {
    let message = format!("the suite `{suite}` was {was} when it was locked, and is {now} now");
    let accept = "accept it by `isoplug update --allow-suite-change`";
    let help = format!("write `suite = \"{was}\"` to stay, or {accept}");
    Diagnostic::error("renamed-suite", message).help(help)
}

fn unknown_component(suite: &str, component: &str, known: &[String]) -> Diagnostic {
    let message = format!("the suite `{suite}` has no component `{component}`");
    Diagnostic::error("unknown-component", message).help(format!("it has {}", known.join(", ")))
}

fn unknown_architecture(suite: &str, architecture: &str, known: &[String]) -> Diagnostic {
    let message = format!("the suite `{suite}` has no packages for {architecture}");
    Diagnostic::error("unknown-arch", message).help(format!("it has {}", known.join(", ")))
}

fn bad_keyring(name: &str, error: &keyring::Error) -> Diagnostic {
    let message = format!("cannot use the keyring of `{name}`: {error}");
    Diagnostic::error("bad-keyring", message).help(trust::usable(error))
}

/// Returns the path of the option that names the folder of a file.
fn folder_of(file: &Path, system: &System) -> Option<String> {
    let has = |folder: &String| file.parent() == Some(Path::new(folder));
    let mut sources = system.sources.iter();
    let found = sources.find(|(_, source)| source.folder.as_ref().is_some_and(has));
    found.map(|(name, _)| format!("sources.{name}.folder"))
}

/// Returns the table of the source that a suite belongs to, as it is or as a further suite.
fn table_of(suite: &str, system: &System) -> String {
    let belongs = |own: &str| {
        suite.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let source = system.sources.iter().find(|(_, source)| belongs(&source.suite));
    source.map_or_else(String::new, |(name, _)| format!("sources.{name}"))
}
