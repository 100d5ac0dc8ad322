//! `isoplug plugin update`: pins newer versions of plugins, and shows what they ask for beyond
//! what was granted.

use isoplug_manifest::plugin::{Grants, Requests};
use isoplug_registry::{Pin, Standing, breaks};

use super::Folder;
use super::grant::Approval;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::find::InRegistry;
use crate::plugins::lookup::{Lookup, Offer, approval};
use crate::plugins::pin::{self, check_offer};
use crate::project::Project;
use crate::session::Session;

/// Pin the newest versions of plugins, and show what they ask for beyond what is granted
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug plugin update --dry-run     # what is there to be had?\n  \
    isoplug plugin update hardening")]
pub(crate) struct Args {
    /// Only this plugin; may be given several times
    name: Vec<String>,
    /// Show what would change and leave manifest and lock as they are
    #[arg(long)]
    dry_run: bool,
    /// Accept a version older than the locked one, and an index older than was seen
    #[arg(long)]
    allow_older: bool,
    #[command(flatten)]
    approval: Approval,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder.path)?;
    args.name.iter().try_for_each(|name| project.known_plugin(name))?;
    let mut lookup = Lookup::new(Some(&project), session)?;
    lookup.allow_older = args.allow_older;
    for (name, source) in project.plugins()? {
        if !args.name.is_empty() && !args.name.contains(&name) {
            continue;
        }
        if let Some(wanted) = InRegistry::plugin(&source)? {
            update(&name, &wanted, &lookup, &project, args, session)?;
        }
    }
    Ok(Exit::Done)
}

fn update(
    name: &str,
    wanted: &InRegistry,
    lookup: &Lookup,
    project: &Project,
    args: &Args,
    session: &Session,
) -> Result<(), Failure> {
    let locked = locked(name, wanted, project, session)?;
    let locked = locked.as_ref();
    let offer = lookup.offer(&wanted.reference, &wanted.requirement, locked, locked.is_some())?;
    check_offer(name, locked, &offer)?;
    session.out(&format!("{name}: {}", change(locked, &offer)));
    warn_of_breaks(name, locked, &offer, lookup, session);
    let granted = project.grants()?.remove(name).unwrap_or_default();
    let beyond = beyond(&offer.description.requests, &granted, locked);
    if args.dry_run {
        beyond.lines().iter().for_each(|line| session.out(&format!("  + {line}")));
        return Ok(());
    }
    args.approval.of(name, &offer.resolved.version.to_string(), &beyond, session)?;
    let pin = offer.pin(name)?;
    let alone = project.alone(session)?;
    if !beyond.is_empty() {
        let wider = widened(granted, &beyond);
        project.edit(&alone, |manifest| manifest.set_grants(name, &wider))?;
    }
    pin::save(&pin, project, &alone, session)
}

/// Returns what the lock has of a plugin, unless that is from elsewhere.
fn locked(
    name: &str,
    wanted: &InRegistry,
    project: &Project,
    session: &Session,
) -> Result<Option<Pin>, Failure> {
    let lock = project.lock(session)?.unwrap_or_default();
    let locked = lock.plugins.get(name).map(Pin::try_from).transpose()?;
    Ok(locked.filter(|locked| wanted.is_from_here(locked)))
}

/// Returns what a plugin asks for that is neither granted nor was seen by the user, who may have taken it back.
fn beyond(requests: &Requests, granted: &Grants, locked: Option<&Pin>) -> Requests {
    match locked {
        Some(locked) if locked.grants == approval(requests) => Requests::default(),
        _ => requests.beyond(granted),
    }
}

fn change(locked: Option<&Pin>, offer: &Offer) -> String {
    let version = &offer.resolved.version;
    match (&offer.resolved.standing, locked) {
        (Standing::Other { locked }, _) => format!("{locked} -> {version}"),
        (_, None) => format!("{version}"),
        _ => format!("{version}, nothing changes"),
    }
}

/// Tells of options that a manifest may set and the new version does not take any more.
fn warn_of_breaks(
    name: &str,
    locked: Option<&Pin>,
    offer: &Offer,
    lookup: &Lookup,
    session: &Session,
) {
    let Some(old) = locked.and_then(|locked| lookup.pinned(locked).ok()) else { return };
    for broken in breaks(&old.1.options, &offer.description.options) {
        session.note(&format!("warning: options of {name}: {broken}"));
    }
}

/// Adds requests to what is granted.
fn widened(mut granted: Grants, beyond: &Requests) -> Grants {
    let more = beyond.granted();
    granted.files.extend(more.files);
    granted.merge.extend(more.merge);
    granted.reads.extend(more.reads);
    granted.inputs.extend(more.inputs);
    granted.secrets.extend(more.secrets);
    granted.fetch.extend(more.fetch);
    granted.units.extend(more.units);
    granted.kernel_params.extend(more.kernel_params);
    granted.setuid |= more.setuid;
    granted.remove.extend(more.remove);
    granted.hooks |= more.hooks;
    granted
}
