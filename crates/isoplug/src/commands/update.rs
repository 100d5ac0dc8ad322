//! `isoplug update`: resolves anew, whatever the lock says, and shows which packages change.

use isoplug_packages::locking::image_name;
use serde_json::{Value as Json, json};

use super::select::{Allowing, Select};
use crate::changes::Changes;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locking::{LockUse, lock_of};
use crate::pick::Pick;
use crate::session::Session;

/// Pin the newest packages and show what changes
///
/// Only the images that are chosen; all others keep their packages. With --json, standard output has one document.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug update --dry-run\n  \
    isoplug update -p rescue               # no other image changes\n  \
    isoplug update --all --markdown        # for a pull request")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    allowing: Allowing,
    /// Show what would change and leave the lock as it is
    #[arg(long)]
    dry_run: bool,
    /// Show what changes as tables of Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, picks) = args.select.open()?;
    let use_of_lock = if args.dry_run { LockUse::RenewUnsaved } else { LockUse::Renew };
    let mut documents: Vec<Json> = Vec::new();
    for Pick { profile, arch } in &picks {
        let system = project.evaluate(profile, arch, session)?;
        let name = image_name(&system);
        let old = project.lock(session)?.and_then(|mut lock| lock.images.remove(&name));
        let new = lock_of(&project, &system, use_of_lock, args.allowing.into(), session)?;
        let new = new.images.get(&name);
        let changes = Changes::of(name, old.as_ref(), new);
        match (session.global.json, args.markdown) {
            (true, _) => documents.push(changes.json()),
            (false, true) => session.out(&changes.markdown()),
            (false, false) => session.out(&changes.lines()),
        }
    }
    if session.global.json {
        session.out(&json!({ "images": documents }).to_string());
    }
    Ok(Exit::Done)
}
