//! `isoplug check`: reads the manifest and draws every mistake, without network or store; with
//! `--rebuild`, makes the layers of packages twice and names what differs.

use std::collections::BTreeSet;

use isoplug_manifest::Severity;

use super::select::{Locking, Select};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locking::foreseen;
use crate::pick::{self, Pick};
use crate::project::Project;
use crate::rebuild;
use crate::session::Session;
use crate::{local_files, own_files, shellcheck};

/// Read the manifest and show every mistake in it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug check --all && git commit\n  \
    isoplug check --rebuild    # finds what no two machines may share")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    /// Treat warnings as mistakes
    #[arg(long)]
    strict: bool,
    /// Install the packages twice, the second time on a machine of another name, and name every
    /// file that is not the same; makes no ISO
    #[arg(long)]
    pub(crate) rebuild: bool,
    /// Let this machine's `shellcheck` look at the scripts, too
    #[arg(long)]
    shellcheck: bool,
    #[command(flatten)]
    locking: Locking,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, picks) = args.select.open()?;
    let (mut warned, mut failed, mut told) = (false, None, BTreeSet::new());
    let mut is_new = |failure: &Failure| told.insert(failure.to_json().to_string());
    for pick in &picks {
        match check(args, &project, pick, session) {
            Ok(has_warnings) => warned |= has_warnings,
            // All profiles are read, so that one run shows all mistakes, each once.
            Err(failure) if is_new(&failure) => failed = Some(session.fail(&failure)),
            Err(_) => {}
        }
    }
    Ok(match failed {
        Some(exit) => exit,
        None if warned && args.strict => session
            .fail(&Failure::new(Exit::Manifest, "there are warnings, which --strict forbids")),
        None => {
            let names = pick::apart(&picks).join(", ");
            session.note(&format!("{} is fine: {names}", project.name()));
            Exit::Done
        }
    })
}

/// Checks a profile, and what it installs if that was asked for; returns whether there are warnings.
fn check(args: &Args, project: &Project, pick: &Pick, session: &Session) -> Result<bool, Failure> {
    let has_warnings = look(args, project, pick, session)?;
    if args.rebuild {
        rebuild::rebuild(project, pick, args.locking, session)?;
    }
    Ok(has_warnings)
}

/// Reads a profile and what it names; returns whether there are warnings.
fn look(args: &Args, project: &Project, pick: &Pick, session: &Session) -> Result<bool, Failure> {
    let system = project.evaluate(&pick.profile, &pick.arch, session)?;
    let mut found = local_files::look(&system)?;
    for target in &system.targets {
        session.warn(&local_files::look(target)?);
    }
    found.list.extend(own_files::overruled(&system));
    found.list.extend(foreseen(project, &system, session)?.list);
    if args.shellcheck {
        found.list.extend(shellcheck::look(&system)?.list);
    }
    if found.list.iter().any(|each| each.severity == Severity::Error) {
        return Err(Failure::manifest(found));
    }
    session.warn(&found);
    let all = system.warnings.iter().chain(&found.list);
    Ok({ all }.any(|each| each.severity == Severity::Warning))
}
