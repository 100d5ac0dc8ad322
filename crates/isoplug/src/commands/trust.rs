//! `isoplug trust`: allows a folder what it asks for beyond an image of what lies in it.

use std::path::PathBuf;

use crate::allowed;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::reach::Reach;
use crate::session::Session;

/// Show what a folder asks for beyond itself, and allow it
///
/// A manifest may come from a stranger. By itself it makes an image of what lies in its folder. Files elsewhere,
/// variables of the environment, and downloads by its plugins have to be allowed once; what is allowed is kept in
/// your state folder, and what the folder asks for later is asked for anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug trust stick              # shows it and asks\n  \
    isoplug trust stick --yes        # allows it without asking\n  \
    isoplug trust stick --forget     # allows nothing any more")]
pub(crate) struct Args {
    /// The folder of the manifest
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Allow it without asking
    #[arg(long, short = 'y')]
    yes: bool,
    /// Forget what was allowed
    #[arg(long, conflicts_with = "yes")]
    forget: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder)?;
    let folder = &project.folder;
    if args.forget {
        allowed::forget(folder, session)?;
        session.note(&format!("{} is allowed nothing beyond itself", allowed::named(folder)));
        return Ok(Exit::Done);
    }
    let asked = project.reaches()?;
    if asked.is_empty() {
        session.note(&format!("{} asks for nothing beyond itself", allowed::named(folder)));
        return Ok(Exit::Done);
    }
    if args.yes {
        let listed = allowed::lines(&asked.iter().collect::<Vec<&Reach>>());
        session.note(&format!("{} is allowed:{listed}", allowed::named(folder)));
        allowed::remember(folder, &asked, session)?;
    } else {
        allowed::settle(folder, &asked, session)?;
    }
    Ok(Exit::Done)
}
