//! `isoplug update`: resolves anew, all of an image or a part, whatever the lock says, and shows which packages change.

use isoplug_manifest::System;
use isoplug_manifest::lock::Lock;
use isoplug_packages::locking::image_name;
use isoplug_packages::resolve::Part;
use serde_json::{Value as Json, json};

use super::select::{Allowing, Select};
use crate::changelogs;
use crate::changes::Changes;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locking::{LockUse, Renewal, renewed, sources};
use crate::pick::Pick;
use crate::pins::pin_all;
use crate::project::Project;
use crate::session::Session;

/// Pin the newest packages and show what changes
///
/// Only the images that are chosen; all others keep their packages. What was asked for and stays behind is told with
/// what holds it. With --json, standard output has one document.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug update --dry-run\n  \
    isoplug update -p rescue               # no other image changes\n  \
    isoplug update --package openssl,curl  # nothing else moves\n  \
    isoplug update --all --security-only --markdown --changelogs")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    allowing: Allowing,
    /// Only these packages, and what they need that is not there yet; separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    package: Vec<String>,
    /// Only what comes from these sources, suites or pockets, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    source: Vec<String>,
    /// Only what comes from a suite of security updates
    #[arg(long)]
    security_only: bool,
    /// Fetch the packages that change, to show what their changelogs say
    #[arg(long)]
    changelogs: bool,
    /// Show what would change and leave the lock as it is
    #[arg(long)]
    dry_run: bool,
    /// Show what changes as tables of Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, picks) = args.select.open()?;
    pin_all(&project, args.pinning(), session)?;
    let evaluate = |pick: &Pick| project.evaluate(&pick.profile, &pick.arch, session);
    let systems: Vec<_> = picks.iter().map(evaluate).collect::<Result<_, _>>()?;
    let part = args.part();
    part.iter().try_for_each(|part| check(part, &project, &systems, session))?;
    let mut documents = Vec::<Json>::new();
    for system in &systems {
        let changes = update(args, &project, system, part.as_ref(), session)?;
        if session.global.json {
            documents.push(changes.json());
        } else {
            session.out(&if args.markdown { changes.markdown() } else { changes.lines() });
        }
    }
    if session.global.json {
        session.out(&json!({ "images": documents }).to_string());
    }
    Ok(Exit::Done)
}

impl Args {
    /// Whether plugins and modules that the lock lacks are pinned.
    fn pinning(&self) -> LockUse {
        if self.dry_run { LockUse::AsItIs } else { LockUse::Extend }
    }

    /// Returns what may change; `None` if all may.
    fn part(&self) -> Option<Part> {
        let packages = self.package.iter().cloned().collect();
        let sources = self.source.iter().cloned().collect();
        let part = Part { packages, sources, security: self.security_only };
        (part != Part::default()).then_some(part)
    }
}

/// Updates one image.
fn update(
    args: &Args,
    project: &Project,
    system: &System,
    part: Option<&Part>,
    session: &Session,
) -> Result<Changes, Failure> {
    let name = image_name(system);
    let old = project.lock(session)?.and_then(|mut lock| lock.images.remove(&name));
    let renewal = Renewal { part, saved: !args.dry_run };
    let made = renewed(project, system, renewal, args.allowing.into(), session)?;
    let new = made.lock.images.get(&name);
    let mut changes = Changes::of(name, old.as_ref(), new);
    changes.held = made.held;
    if let Some(new) = new {
        changelogs::add(&mut changes, new, args.changelogs.then_some((project, system)), session)?;
    }
    Ok(changes)
}

/// Fails where a part names what none of the images has.
fn check(
    part: &Part,
    project: &Project,
    systems: &[System],
    session: &Session,
) -> Result<(), Failure> {
    let all =
        systems.iter().map(|system| sources(system, session)).collect::<Result<Vec<_>, _>>()?;
    let unknown = part.sources.iter().find(|word| !all.iter().any(|sources| sources.has(word)));
    if let Some(word) = unknown {
        let message = format!("no source is called `{word}`, and none has such a suite or pocket");
        return Err(Failure::new(Exit::Manifest, message).hint(named(systems)));
    }
    if part.security && !all.iter().any(|sources| sources.has_security()) {
        let message = "no source has a suite of security updates";
        let hint = "add \"security\" to `pockets` of the source; sid has none, its updates come with all others";
        return Err(Failure::new(Exit::Manifest, message).hint(hint));
    }
    let lock = project.lock(session)?.unwrap_or_default();
    let is_locked = |name: &&String| systems.iter().any(|system| locks(&lock, system, name));
    let unknown = part.packages.iter().find(|name| !is_locked(name));
    unknown.map_or(Ok(()), |name| Err(not_locked(name)))
}

fn not_locked(package: &str) -> Failure {
    let message = format!("none of the chosen images has the package `{package}`");
    let hint = "isoplug.lock has the names; what is not there yet belongs into `packages.install`";
    Failure::new(Exit::Manifest, message).hint(hint)
}

/// Tells whether a medium, or a system that it installs, has a package.
fn locks(lock: &Lock, system: &System, package: &str) -> bool {
    let mut images = system.targets.iter().chain([system]).map(image_name);
    images.any(|name| {
        let image = lock.images.get(&name);
        image.is_some_and(|image| image.packages().any(|one| one.name == package))
    })
}

/// Returns what the sources of systems are called.
fn named(systems: &[System]) -> String {
    let mut names: Vec<&str> =
        systems.iter().flat_map(|system| system.sources.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    format!("one of the sources: {}", names.join(", "))
}
