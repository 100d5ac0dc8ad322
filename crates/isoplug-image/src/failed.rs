//! What kind of failure an error of a run is, what to try, and what of the manifest it is about.
//!
//! The one place that knows the errors of all stages, so that the command need not. Knows no exit code.

use isoplug_engine::Error;
use isoplug_fetch as fetch;
use isoplug_manifest::By;
use isoplug_manifest::plugin::Report;
use isoplug_sandbox::Error as SandboxError;

use crate::stages::{
    check, contribute, drivers, fetch as packages, hooks, iso, layer, output, settled, trial,
};

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The machine lacks what every build needs.
    Machine,
    /// What a plugin adds to an image, or its script, failed.
    Plugin,
    /// A fault of this program.
    Fault,
    /// What the manifest asks for cannot be made.
    Other,
}

/// Tells what kind of failure an error is.
#[must_use]
pub fn kind(error: &Error) -> Kind {
    use SandboxError::{FewNumbers, NoMapper, NoRange, Refused};
    match error.find() {
        Some(Refused { .. } | NoMapper { .. } | NoRange { .. } | FewNumbers { .. }) => {
            Kind::Machine
        }
        _ if is_of_plugin(error) => Kind::Plugin,
        _ if matches!(error, Error::Panicked { .. }) => Kind::Fault,
        _ if matches!(error, Error::Stage { source, .. } if is_panic(source.as_ref())) => {
            Kind::Fault
        }
        _ => Kind::Other,
    }
}

fn is_of_plugin(error: &Error) -> bool {
    matches!(error.find(), Some(contribute::Error::Contribute { by: By::Plugin(_), .. }))
        || matches!(error.find(), Some(hooks::Error::Hook { .. }))
}

fn is_panic(source: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(source.downcast_ref::<Error>(), Some(Error::Panicked { .. }))
}

/// What a plugin did, of which a failure tells.
#[derive(Debug)]
pub enum OfPlugin<'e> {
    /// It refuses the image, with what it reports.
    Refuses(&'e str, &'e [Report]),
    /// It failed, or planned what cannot be; why.
    Failed(String),
}

/// Returns what a plugin that checks or plans did, if the failure is of one.
#[must_use]
pub fn plugin(error: &Error) -> Option<OfPlugin<'_>> {
    match (error.find(), error.find()) {
        (Some(check::Error::Refused { plugin, reports }), _)
        | (_, Some(output::Error::Refused { plugin, reports })) => {
            Some(OfPlugin::Refuses(plugin, reports))
        }
        (Some(check::Error::Plugin(error)), _) | (_, Some(output::Error::Plugin(error))) => {
            Some(OfPlugin::Failed(error.to_string()))
        }
        (_, Some(error @ output::Error::Plan { .. })) => Some(OfPlugin::Failed(error.to_string())),
        _ => None,
    }
}

/// Returns the path in the image that somebody may not set, and what is wrong, if the failure is of one.
#[must_use]
pub fn path(error: &Error) -> Option<(&str, String)> {
    let contribute::Error::Contribute { error: refused, .. } = error.find()? else { return None };
    Some((refused.path()?, refused.to_string()))
}

/// Returns the option that a program of the image refuses, and what it says, if the failure is of one.
#[must_use]
pub fn option(error: &Error) -> Option<(&str, String)> {
    let refused: &trial::Error = error.find()?;
    let trial::Error::Refused { option: Some(option), .. } = refused else { return None };
    Some((option, refused.to_string()))
}

/// Tells whether the ISO is larger than it may be.
#[must_use]
pub fn is_too_large(error: &Error) -> bool {
    matches!(error.find(), Some(iso::Error::TooLarge { .. }))
}

/// Returns what to try.
#[must_use]
pub fn help(error: &Error) -> Vec<String> {
    let of_packages = match error.find() {
        Some(settled::Error::Unknown(_)) => vec![settled::HINT.to_owned()],
        _ => error.find::<layer::Error>().map(layer::Error::hints).unwrap_or_default(),
    };
    let of_drivers = error.find::<drivers::Error>().map(drivers::Error::hints).unwrap_or_default();
    let of_machine = (kind(error) == Kind::Machine)
        .then(|| "`isoplug doctor` tells what this machine lacks".to_owned());
    let others = of_packages.into_iter().chain(of_drivers);
    of_transfer(error).into_iter().chain(of_machine).chain(others).collect()
}

const ABSENT: &str = "a mirror that is whole, with --mirror or as `mirrors` of the source; a folder `vendor` that has them. \
    What was fetched is kept, and --sources=list needs none of them";

/// Returns what to do about packages that cannot be had.
fn of_transfer(error: &Error) -> Option<String> {
    if let Some(packages::Error::Offline { .. }) = error.find() {
        return Some("run it once without --offline to fill the store".to_owned());
    }
    if let Some(packages::Error::Absent { .. }) = error.find() {
        return Some(ABSENT.to_owned());
    }
    let hint = match error.find::<fetch::Error>()? {
        error if error.is_absent() => {
            "`isoplug update`: the archive may have newer packages by now"
        }
        error if error.is_distrust() => fetch::DISTRUSTED,
        _ => "again later; what was fetched is kept",
    };
    Some(hint.to_owned())
}
