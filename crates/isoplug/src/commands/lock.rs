//! `isoplug lock`: pins every package of the chosen profiles, keeping what is pinned already.

use super::select::{Allowing, Locking, Select};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locking::lock_of;
use crate::pick::{self, Pick};
use crate::session::Session;

/// Pin every package in isoplug.lock, keeping what is pinned already
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  isoplug lock --all --locked    # in CI: is the lock up to date?"
)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
    #[command(flatten)]
    allowing: Allowing,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, picks) = args.select.open()?;
    for Pick { profile, arch } in &picks {
        let system = project.evaluate(profile, arch, session)?;
        lock_of(&project, &system, args.locking.into(), args.allowing.into(), session)?;
    }
    session.note(&format!(
        "{} pins {}",
        project.lock_path().display(),
        pick::apart(&picks).join(", ")
    ));
    Ok(Exit::Done)
}
