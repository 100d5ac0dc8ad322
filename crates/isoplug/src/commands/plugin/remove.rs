//! `isoplug plugin remove`: takes a plugin out of manifest and lock.

use super::Folder;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::session::Session;

/// Take a plugin out of the manifest, with its grants and options
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug plugin remove hardening")]
pub(crate) struct Args {
    /// Its name in the manifest
    name: String,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder.path)?;
    let name = &args.name;
    project.known_plugin(name)?;
    let alone = project.alone(session)?;
    project.edit(&alone, |manifest| {
        manifest.remove_plugin(name);
        Ok(())
    })?;
    if let Some(mut lock) = project.lock(session)?
        && lock.plugins.remove(name).is_some()
    {
        project.save_lock(&lock, &alone)?;
    }
    session
        .note(&format!("{name} is gone; profiles that set plugins.{name} must be changed by hand"));
    Ok(Exit::Done)
}
