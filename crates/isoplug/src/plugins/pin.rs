//! Pins the plugins of a manifest that the lock does not pin yet.

use isoplug_manifest::lock::{Lock, LockedPlugin};
use isoplug_manifest::plugin::PluginSource;
use isoplug_registry::Pin;

use super::desk::{Desk, Offer};
use super::find::{NotFound, Wanted};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::prepare::LockUse;
use crate::project::Project;
use crate::session::Session;

/// Returns the lock with every plugin of the manifest in it, and writes it if it changed.
///
/// What a plugin asks for must be granted already: only `isoplug plugin add` and `update` ask.
pub(crate) fn pin_all(
    project: &Project,
    lock_use: LockUse,
    session: &Session,
) -> Result<Lock, Failure> {
    project.allow(session)?;
    let lock = project.lock(session)?.unwrap_or_default();
    if !lacks_any(project, &lock)? {
        return Ok(lock);
    }
    // Another run may pin the same, or change the lock for another profile.
    let alone = project.alone(session)?;
    let mut lock = project.lock(session)?.unwrap_or_default();
    let mut desk = None;
    let mut changed = false;
    for (name, source) in project.plugins()? {
        let wanted = match Wanted::read(&source) {
            Ok(Some(wanted)) => wanted,
            // What is wrong with it is drawn on its line when the manifest is evaluated.
            Ok(None) | Err(_) => continue,
        };
        if wanted.pin(&name, &lock).is_ok() {
            continue;
        }
        if matches!(lock_use, LockUse::AsItIs | LockUse::Looked) {
            let message = format!("{} does not pin plugin {name}", project.lock_path().display());
            return Err(
                Failure::new(Exit::Lock, message).hint("`isoplug lock`, and commit what it writes")
            );
        }
        if desk.is_none() {
            desk = Some(Desk::new(Some(project), session)?);
        }
        let Some(desk) = &desk else { continue };
        session.note(&format!("resolving plugin {name}"));
        let known = lock.plugins.get(&name).and_then(|locked| Pin::try_from(locked).ok());
        let known = known.filter(|known| known.source.place == wanted.reference.place);
        let offer = desk.offer(&wanted.reference, &wanted.requirement, known.as_ref(), false)?;
        check_publisher(&name, known.as_ref(), &offer)?;
        check_granted(&name, &offer, project)?;
        lock.plugins.insert(name.clone(), LockedPlugin::from(&offer.pin(&name)?));
        changed = true;
    }
    if changed && lock_use != LockUse::RenewUnsaved {
        project.save_lock(&lock, &alone)?;
    }
    Ok(lock)
}

/// Tells whether the lock does not pin one of the plugins.
fn lacks_any(project: &Project, lock: &Lock) -> Result<bool, Failure> {
    let lacks = |(name, source): (&String, &PluginSource)| matches!(Wanted::read(source), Ok(Some(wanted)) if wanted.pin(name, lock).is_err());
    Ok(project.plugins()?.iter().any(lacks))
}

/// Refuses a plugin whose publisher is not the one that was locked.
pub(crate) fn check_publisher(
    name: &str,
    locked: Option<&Pin>,
    offer: &Offer,
) -> Result<(), Failure> {
    let now = offer.verdict.to_string();
    match locked {
        Some(locked) if locked.publisher != now => {
            let message = format!(
                "the publisher of plugin {name} changed: {} signed {}, {now} signed {}",
                locked.publisher, locked.version, offer.resolved.version
            );
            Err(Failure::new(Exit::Plugin, message).hint(format!(
                "ask both publishers why; to go on, `isoplug plugin remove {name}` and add it anew"
            )))
        }
        _ => Ok(()),
    }
}

/// Refuses a plugin that asks for what the manifest does not grant.
fn check_granted(name: &str, offer: &Offer, project: &Project) -> Result<(), Failure> {
    let granted = project.grants()?.remove(name).unwrap_or_default();
    let beyond = offer.description.requests.beyond(&granted);
    if beyond.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = beyond.lines().iter().map(|line| format!("\n  {line}")).collect();
    let message = format!(
        "plugin {name} {} asks for what [grants.{name}] does not grant:{}",
        offer.resolved.version,
        lines.concat()
    );
    Err(Failure::new(Exit::Plugin, message)
        .hint(format!("`isoplug plugin update {name}`, which shows it and asks")))
}

impl From<NotFound> for Failure {
    fn from(error: NotFound) -> Self {
        match error {
            NotFound::Failed(failure) => *failure,
            NotFound::Registry(error) => error.into(),
            NotFound::Component(_) => {
                Failure::new(Exit::Plugin, "the plugin cannot be used").because(&error)
            }
            error => Failure::new(Exit::Manifest, error.to_string()),
        }
    }
}
