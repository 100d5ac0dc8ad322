//! `isoplug lock`: pins every package, plugin and shared module of the chosen profiles, keeping what is pinned already; merges two locks.

use std::path::PathBuf;

use super::select::{Allowing, Locking, Select};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::lock_merge::merge_files;
use crate::locking::lock_of;
use crate::pick::{self, Pick};
use crate::pins::pin_all;
use crate::session::Session;

/// Pin every package, plugin and module in isoplug.lock, keeping what is pinned already
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug lock --all --locked    # in CI: is the lock up to date?\n  \
    git config merge.isoplug.driver 'isoplug lock --merge %O %A %B'")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
    #[command(flatten)]
    allowing: Allowing,
    /// Merge two locks that grew from BASE, and write the result over OURS: a merge driver for git
    #[arg(long, num_args = 3, value_names = ["BASE", "OURS", "THEIRS"], conflicts_with_all = ["all", "profile", "locked"])]
    merge: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    if let [base, ours, theirs] = &args.merge[..] {
        return merge_files([base, ours, theirs]).map(|()| Exit::Done);
    }
    let (project, picks) = args.select.open()?;
    pin_all(&project, args.locking.into(), session)?;
    for Pick { profile, arch } in &picks {
        let system = project.evaluate(profile, arch, session)?;
        lock_of(&project, &system, args.locking.into(), args.allowing.into(), session)?;
    }
    let pins = pick::apart(&picks).join(", ");
    session.note(&format!("{} pins {pins}", project.lock_path().display()));
    Ok(Exit::Done)
}
