//! `isoplug plugin verify`: reads again what the lock pins, and judges it anew.

use isoplug_registry::{self as registry, Pin};

use super::Folder;
use super::shown::columns;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::lookup::Lookup;
use crate::project::Project;
use crate::session::Session;

/// Compare the registries with the lock, byte by byte, and check every signature
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug plugin verify || exit 1    # in CI")]
pub(crate) struct Args {
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder.path)?;
    let lookup = Lookup::new(Some(&project), session)?;
    let mut checked = Vec::new();
    let lock = project.lock(session)?.unwrap_or_default();
    for locked in lock.plugins.values().chain(lock.modules.values()) {
        let pin = Pin::try_from(locked)?;
        let from = lookup.open(&pin.source)?;
        checked.extend(registry::verify(&*from, &[pin], &lookup.policies));
    }
    let wrong = checked.iter().filter(|row| row.verdict.is_err());
    let wrong: Vec<String> = wrong.map(|row| row.name.clone()).collect();
    session.out(&columns(&checked.into_iter().map(shown).collect::<Vec<_>>()));
    match wrong.is_empty() {
        true => Ok(Exit::Done),
        false => Err(Failure::new(Exit::Plugin, format!("not as locked: {}", wrong.join(", ")))),
    }
}

fn shown(row: registry::Row) -> [String; 4] {
    let verdict = match &row.verdict {
        Ok(verdict) => format!("ok, signed by {verdict}"),
        Err(error) => format!("WRONG: {error}"),
    };
    [row.name, row.version.to_string(), row.place, verdict]
}
