//! `isoplug module`: shared modules of a manifest, and their publication.

mod publish;

use clap::Subcommand;
use isoplug_registry::Pin;

use super::plugin::Folder;
use super::plugin::shown::columns;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::modules::pin;
use crate::plugins::find::InRegistry;
use crate::plugins::lookup::Lookup;
use crate::project::Project;
use crate::session::Session;

/// Publish profiles for the manifests of others, and update those of others
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug module publish registry.example.com/acme/base --key acme.key -C base\n  \
    isoplug module list\n  \
    isoplug module update               # the newest versions that fit\n\n\
    A manifest takes one by [modules.acme] registry = \"registry.example.com/acme/base\",\n\
    and a profile of it by extends = \"acme:PROFILE\".")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Publish(publish::Args),
    List(ListArgs),
    Update(UpdateArgs),
}

/// List the shared modules of the manifest: name, version, publisher and source
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug module list -C images/web")]
struct ListArgs {
    #[command(flatten)]
    folder: Folder,
}

/// Pin the newest versions of shared modules that the manifest accepts
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug module update --dry-run     # what is there to be had?\n  \
    isoplug module update acme")]
struct UpdateArgs {
    /// Only this module; may be given several times
    name: Vec<String>,
    /// Show what would change and leave the lock as it is
    #[arg(long)]
    dry_run: bool,
    /// Accept a version older than the locked one
    #[arg(long)]
    allow_older: bool,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    match &args.command {
        Command::Publish(args) => publish::run(args, session),
        Command::List(args) => list(args, session),
        Command::Update(args) => update(args, session),
    }
}

fn list(args: &ListArgs, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder.path)?;
    let lock = project.lock(session)?.unwrap_or_default();
    let row = |(name, source): (String, isoplug_manifest::ModuleSource)| {
        let pin = InRegistry::module(&source).ok().flatten();
        let pin = pin.and_then(|wanted| wanted.pin(lock.modules.get(&name)).ok());
        let (version, publisher) = pin.map_or_else(
            || ("-".to_owned(), "-".to_owned()),
            |pin| (pin.version.to_string(), pin.publisher),
        );
        [name, version, publisher, source.registry.or(source.path).unwrap_or_default()]
    };
    let rows: Vec<[String; 4]> = project.modules()?.into_iter().map(row).collect();
    session.out(&columns(&rows));
    Ok(Exit::Done)
}

fn update(args: &UpdateArgs, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder.path)?;
    args.name.iter().try_for_each(|name| known(name, &project))?;
    project.allow(session)?;
    let mut lookup = Lookup::new(Some(&project), session)?;
    lookup.allow_older = args.allow_older;
    let alone = project.alone(session)?;
    let mut lock = project.lock(session)?.unwrap_or_default();
    for (name, wanted) in pin::of_registries(&project)? {
        if args.name.is_empty() || args.name.contains(&name) {
            let (before, now) = pin::renew(&name, &wanted, &lookup, &mut lock)?;
            session.out(&format!("{name}: {}", change(before.as_ref(), &now)));
        }
    }
    if !args.dry_run {
        project.save_lock(&lock, &alone)?;
    }
    Ok(Exit::Done)
}

fn change(before: Option<&Pin>, now: &Pin) -> String {
    match before {
        None => now.version.to_string(),
        Some(before) if before.manifest == now.manifest => {
            format!("{}, nothing changes", now.version)
        }
        Some(before) => format!("{} -> {}", before.version, now.version),
    }
}

/// Fails unless the manifest has a module of this name.
fn known(name: &str, project: &Project) -> Result<(), Failure> {
    let modules = project.modules()?;
    if modules.contains_key(name) {
        return Ok(());
    }
    let message = format!("{} has no module `{name}`", project.name());
    let names: Vec<&str> = modules.keys().map(String::as_str).collect();
    Err(Failure::new(Exit::Manifest, message).hint(match names.is_empty() {
        true => "[modules.NAME] takes one into it".to_owned(),
        false => format!("one of its modules: {}", names.join(", ")),
    }))
}
