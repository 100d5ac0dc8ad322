//! `isoplug plugin list`: the plugins of a manifest, and what the lock pins of them.

use super::Folder;
use super::shown::columns;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::session::Session;

/// List the plugins of the manifest: name, version, publisher and source
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug plugin list -C images/installer")]
pub(crate) struct Args {
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder.path)?;
    let lock = project.lock(session)?.unwrap_or_default();
    let row = |(name, source): (String, isoplug_manifest::plugin::PluginSource)| {
        let place = source.registry.or(source.path).unwrap_or_default();
        let (version, publisher) = match lock.plugins.get(&name) {
            Some(locked) => (locked.version.clone(), locked.publisher.clone()),
            None => ("-".to_owned(), "-".to_owned()),
        };
        [name, version, publisher, place]
    };
    let rows: Vec<[String; 4]> = project.plugins()?.into_iter().map(row).collect();
    session.out(&columns(&rows));
    Ok(Exit::Done)
}
