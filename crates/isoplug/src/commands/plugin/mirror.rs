//! `isoplug plugin mirror` and `vendor`: copies what the lock pins into a folder, for builds
//! without the registries.

use std::path::{Path, PathBuf};

use isoplug_registry::{self as registry, Pin};

use super::Folder;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::lookup::{self, Lookup};
use crate::project::Project;
use crate::session::Session;

/// Copy the pinned plugins and shared modules with their signatures into a folder (an OCI image layout)
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    isoplug plugin mirror /media/usb\n\n\
    To build from it, say in isoplug's config.toml:\n  \
    mirror.\"registry.example.com\" = \"oci-layout:/media/usb\"")]
pub(crate) struct MirrorArgs {
    /// The folder to copy into
    target: PathBuf,
    #[command(flatten)]
    folder: Folder,
}

/// Copy the pinned plugins and shared modules into vendor/plugins beside the manifest, where builds look first
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug plugin vendor && git add vendor")]
pub(crate) struct VendorArgs {
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn mirror(args: &MirrorArgs, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder.path)?;
    copy(&project, &args.target, session)
}

pub(crate) fn vendor(args: &VendorArgs, session: &Session) -> Result<Exit, Failure> {
    copy_into_project(&Project::open(&args.folder.path)?, session)
}

/// Copies the pinned plugins into the folder where builds look first.
pub(crate) fn copy_into_project(project: &Project, session: &Session) -> Result<Exit, Failure> {
    copy(project, &project.folder.join(lookup::VENDOR), session)
}

fn copy(project: &Project, target: &Path, session: &Session) -> Result<Exit, Failure> {
    let lookup = Lookup::new(Some(project), session)?;
    let lock = project.lock(session)?.unwrap_or_default();
    let all = lock.plugins.values().chain(lock.modules.values());
    let pins = all.map(Pin::try_from).collect::<Result<Vec<Pin>, _>>()?;
    // Whoever says --offline does not want the registries to be asked.
    pins.iter().try_for_each(|pin| lookup.open(&pin.source).map(drop))?;
    let served = registry::mirror(&lookup.registries, &pins, target)?;
    let lines: Vec<String> = served.iter().map(ToString::to_string).collect();
    session.out(&lines.join("\n"));
    Ok(Exit::Done)
}
