//! Turns what the engine and the stages report into a failure that a person can act on.

use std::io;
use std::path::Path;

use isoplug_engine::Error;
use isoplug_fetch as download;
use isoplug_image::stages::layer;
use isoplug_image::stages::{contribute, fetch, hooks, judge, output, settled};
use isoplug_manifest::{By, Diagnostic, Diagnostics, System};
use isoplug_sandbox as sandbox;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins;

/// Returns the failure for an error of a run.
pub(crate) fn failure(error: &Error, system: &System) -> Failure {
    let image = format!("{} ({})", system.profile, system.arch);
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
        Error::Stage { title, log, source, .. } => {
            // A limit of namespaces says "no space left", too.
            if exit(error) == Exit::Failed && error.is_full() {
                let message = match log.parent().and_then(Path::parent) {
                    Some(store) => {
                        format!("the disk is full that has the store {}", store.display())
                    }
                    None => "the disk is full".to_owned(),
                };
                return Failure { message, ..full(source.as_ref()) };
            }
            if let Some(failure) = of_plugin(error, &image, system) {
                return failure;
            }
            if let Some(failure) = of_file(error, &image, system) {
                return failure;
            }
            let message = format!("stage `{title}` of {image} failed");
            let failure = Failure::new(exit(error), message).because(source.as_ref());
            let failure = fetch_hint(error, failure);
            let failure = package_hint(error, host_hint(error, failure));
            let has_log = log.metadata().is_ok_and(|file| file.len() > 0);
            if has_log { failure.log(log) } else { failure }
        }
        _ if error.is_full() => full(error),
        _ => Failure::new(Exit::Failed, format!("cannot build {image}")).because(error),
    }
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
    let judged = error.find::<judge::Error>();
    let planned = error.find::<output::Error>();
    if let (Some(judge::Error::Refused { plugin, reports }), _)
    | (_, Some(output::Error::Refused { plugin, reports })) = (judged, planned)
    {
        let drawn = plugins::reported(reports.clone(), system);
        let message = format!("plugin `{plugin}` refuses {image}");
        return Some(Failure { message, ..Failure::manifest(drawn) });
    }
    let reason = match (judged, planned) {
        (Some(judge::Error::Plugin(error)), _) | (_, Some(output::Error::Plugin(error))) => {
            error.to_string()
        }
        (_, Some(error @ output::Error::Plan { .. })) => error.to_string(),
        _ => return None,
    };
    Some(Failure {
        causes: vec![reason],
        ..Failure::new(Exit::Plugin, format!("a plugin of {image} failed"))
    })
}

/// Returns the failure for a file of the manifest that cannot be where it is to go, drawn on its line.
fn of_file(error: &Error, image: &str, system: &System) -> Option<Failure> {
    let contribute::Error::Contribute { error: refused, .. } = error.find()? else { return None };
    let path = refused.path()?;
    let is_below = |target: &str| {
        path.strip_prefix(target.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let index = system.options.files.iter().position(|file| is_below(&file.target))?;
    let origin = system.origin_at("files", index)?;
    let list = vec![Diagnostic::error("refused-file", refused.to_string()).at(origin, "")];
    let drawn = Diagnostics { list, texts: system.texts.clone() };
    let message = format!("{image} cannot have a file of the manifest");
    Some(Failure { message, ..Failure::manifest(drawn) })
}

/// Adds what to do about packages that cannot be had.
fn fetch_hint(error: &Error, failure: Failure) -> Failure {
    if let Some(fetch::Error::Offline { .. }) = error.find() {
        return failure.hint("once without --offline");
    }
    match error.find::<download::Error>() {
        Some(error) if error.is_absent() => {
            failure.hint("`isoplug update`: the archive may have newer packages by now")
        }
        Some(error) if error.is_distrust() => failure.hint(download::DISTRUSTED),
        Some(_) => failure.hint("again later; what was fetched is kept"),
        None => failure,
    }
}

/// Adds what to do about a package that cannot be installed.
fn package_hint(error: &Error, failure: Failure) -> Failure {
    if let Some(settled::Error::Unknown(_)) = error.find() {
        return failure.hint(settled::HINT);
    }
    let hints = error.find::<layer::Error>().map(layer::Error::hints).unwrap_or_default();
    hints.into_iter().fold(failure, Failure::hint)
}

/// What a machine lacks has an exit code of its own, so that CI can tell it from a bad manifest.
fn exit(error: &Error) -> Exit {
    if error.find().is_some_and(is_of_host) {
        Exit::Host
    } else if matches!(error.find(), Some(contribute::Error::Contribute { by: By::Plugin(_), .. }))
        || matches!(error.find(), Some(hooks::Error::Hook { .. }))
    {
        Exit::Plugin
    } else if matches!(error, Error::Stage { source, .. } if panicked(source.as_ref())) {
        Exit::Internal
    } else {
        Exit::Failed
    }
}

fn is_of_host(error: &sandbox::Error) -> bool {
    use sandbox::Error::{NoMapper, NoRange, Refused};
    matches!(error, Refused { .. } | NoMapper { .. } | NoRange { .. })
}

fn panicked(source: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(source.downcast_ref::<Error>(), Some(Error::Panicked { .. }))
}

fn host_hint(error: &Error, failure: Failure) -> Failure {
    match exit(error) {
        Exit::Host => failure.hint("`isoplug doctor` tells what this machine lacks"),
        _ => failure,
    }
}
