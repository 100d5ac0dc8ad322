//! Turns what the engine and the stages report into a failure that a person can act on.

use std::io;
use std::path::Path;

use isoplug_engine::Error;
use isoplug_image::failed::{self, Kind, OfPlugin};
use isoplug_manifest::{Diagnostic, Diagnostics, System};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins;

/// Returns the failure for an error of a run.
pub(crate) fn failure(error: &Error, system: &System) -> Failure {
    failure_of(error, system, &format!("{} ({})", system.profile, system.arch))
}

/// Returns the failure for an error of a run that ends these images; `system` is that of the first.
pub(crate) fn failure_of(error: &Error, system: &System, image: &str) -> Failure {
    match error {
        Error::Cancelled => {
            Failure::new(Exit::Interrupted, "stopped; what was finished is kept in the store")
        }
        Error::NoSuchStage { title, titles } => {
            Failure::new(Exit::Manifest, format!("there is no stage `{title}`"))
                .hint(format!("one of the stages: {}", titles.join(", ")))
        }
        Error::Panicked { .. } => Failure::new(Exit::Internal, "a stage broke: a fault of isoplug")
            .because(error)
            .hint("report it with the command and the manifest"),
        Error::Stage { title, log, source, .. } => of_disk(error, log, source.as_ref())
            .or_else(|| of_plugin(error, image, system))
            .or_else(|| of_file(error, image, system))
            .or_else(|| of_option(error, image, system))
            .unwrap_or_else(|| of_stage(error, (title, image), log, source.as_ref())),
        _ if error.is_full() => full(error),
        _ => Failure::new(Exit::Failed, format!("cannot build {image}")).because(error),
    }
}

/// A limit of namespaces says "no space left", too, and is not the disk's.
fn of_disk(error: &Error, log: &Path, source: &dyn std::error::Error) -> Option<Failure> {
    if exit(error) != Exit::Failed || !error.is_full() {
        return None;
    }
    let message = match log.parent().and_then(Path::parent) {
        Some(store) => format!("the disk that holds the store {} is full", store.display()),
        None => "the disk is full".to_owned(),
    };
    Some(Failure { message, ..full(source) })
}

fn of_stage(
    error: &Error,
    (title, image): (&str, &str),
    log: &Path,
    source: &dyn std::error::Error,
) -> Failure {
    let message = format!("stage `{title}` of {image} failed");
    let failure = Failure::new(exit(error), message).because(source);
    let failure = failed::help(error).into_iter().fold(failure, Failure::hint);
    let has_log = log.metadata().is_ok_and(|file| file.len() > 0);
    if has_log { failure.log(log) } else { failure }
}

/// Returns the failure for a disk or quota without space.
pub(crate) fn full(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Failed, "the disk is full")
        .because_only(error)
        .hint("free space, run `isoplug cache gc`, or name another store with --store DIR")
}

/// Tells whether a disk or quota has no space.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Returns the failure for a plugin that refuses an image, drawn on the manifest, or that failed.
fn of_plugin(error: &Error, image: &str, system: &System) -> Option<Failure> {
    match failed::plugin(error)? {
        OfPlugin::Refuses(plugin, reports) => {
            let drawn = plugins::reported(reports.to_vec(), system);
            let message = format!("plugin `{plugin}` refuses {image}");
            Some(Failure { message, ..Failure::manifest(drawn) })
        }
        OfPlugin::Failed(reason) => {
            let failure = Failure::new(Exit::Plugin, format!("a plugin of {image} failed"));
            Some(Failure { causes: vec![reason], ..failure })
        }
    }
}

/// Returns the failure for a file of the manifest that cannot be where it is to go, drawn on its line.
fn of_file(error: &Error, image: &str, system: &System) -> Option<Failure> {
    let (path, refused) = failed::path(error)?;
    let is_below = |target: &str| {
        path.strip_prefix(target.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let index = system.options.files.iter().position(|file| is_below(&file.target))?;
    let origin = system.origin_at("files", index)?;
    let list = vec![Diagnostic::error("refused-file", refused).at(origin, "")];
    let drawn = Diagnostics { list, texts: system.texts.clone() };
    let message = format!("{image} cannot have a file of the manifest");
    Some(Failure { message, ..Failure::manifest(drawn) })
}

/// Returns the failure for an option that a program of the image refuses, drawn on its line.
fn of_option(error: &Error, image: &str, system: &System) -> Option<Failure> {
    let (option, refused) = failed::option(error)?;
    // Below a list, the path ends in the number of an item.
    let item = option
        .rsplit_once('.')
        .and_then(|(list, index)| system.origin_at(list, index.parse().ok()?));
    let origin = item.or_else(|| system.origin(option))?;
    let list = vec![Diagnostic::error("refused-option", refused).at(origin, "")];
    let drawn = Diagnostics { list, texts: system.texts.clone() };
    let message = format!("{image} cannot have what `{option}` says");
    Some(Failure { message, ..Failure::manifest(drawn) })
}

/// What a machine lacks has an exit code of its own, so that CI can tell it from a bad manifest.
fn exit(error: &Error) -> Exit {
    match failed::kind(error) {
        Kind::Machine => Exit::Host,
        Kind::Plugin => Exit::Plugin,
        Kind::Fault => Exit::Internal,
        Kind::Other => Exit::Failed,
    }
}
