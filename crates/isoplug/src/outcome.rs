//! Turns what the engine and the stages report into a failure that a person can act on.

use isoplug_engine::Error;
use isoplug_image::dpkg::layer;
use isoplug_image::sandbox::{self, stored::StoredError};
use isoplug_image::stages::initrd;
use isoplug_manifest::System;

use crate::exit::Exit;
use crate::failure::Failure;

/// Returns the failure for an error of a run.
pub(crate) fn failure(error: &Error, system: &System) -> Failure {
    let image = format!("{} ({})", system.profile, system.arch);
    match error {
        Error::Cancelled => {
            Failure::new(Exit::Interrupted, "stopped; what was finished is kept in the store")
        }
        Error::Panicked { .. } => Failure::new(Exit::Internal, "a stage broke: a fault of isoplug")
            .because(error)
            .hint("report it with the command and the manifest"),
        Error::Stage { title, log, source, .. } => {
            let message = format!("stage `{title}` of {image} failed");
            let failure = Failure::new(exit(error), message).because(source.as_ref());
            let failure = host_hint(error, failure);
            if log.exists() {
                failure.hint(format!("the whole log is in {}", log.display()))
            } else {
                failure
            }
        }
        Error::Full { .. } => Failure::new(Exit::Failed, "the disk is full")
            .because(error)
            .hint("free space, run `isoplug cache gc`, or name another store with --store DIR"),
        _ => Failure::new(Exit::Failed, format!("cannot build {image}")).because(error),
    }
}

/// What a machine lacks has an exit code of its own, so that CI can tell it from a bad manifest.
fn exit(error: &Error) -> Exit {
    if sandbox_error(error).is_some_and(is_of_host) {
        Exit::Host
    } else if matches!(error, Error::Stage { source, .. } if panicked(source.as_ref())) {
        Exit::Internal
    } else {
        Exit::Failed
    }
}

/// Finds the error of a sandbox; errors that only pass it on hide it from `find`.
fn sandbox_error(error: &Error) -> Option<&sandbox::Error> {
    let in_layer = error.find::<layer::Error>().and_then(|error| match error {
        layer::Error::Sandbox(error) => Some(error),
        _ => None,
    });
    let in_initrd = error.find::<initrd::Error>().and_then(|error| match error {
        initrd::Error::Stored(StoredError::Sandbox(error)) => Some(error),
        _ => None,
    });
    in_layer.or(in_initrd).or_else(|| error.find())
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
