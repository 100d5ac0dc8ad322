//! Pins what the lock lacks of the plugins and shared modules of a manifest, before it is evaluated.

use isoplug_manifest::lock::{Lock, LockedPlugin};

use crate::alone::Alone;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locking::LockUse;
use crate::plugins::lookup::Lookup;
use crate::project::Project;
use crate::session::Session;
use crate::{modules, plugins};

/// Returns the lock with every plugin and shared module of the manifest in it, and writes it if it changed.
///
/// What a plugin asks for must be granted already: only `isoplug plugin add` and `update` ask.
pub(crate) fn pin_all(
    project: &Project,
    lock_use: LockUse,
    session: &Session,
) -> Result<Lock, Failure> {
    project.allow(session)?;
    let lock = project.lock(session)?.unwrap_or_default();
    match lacking(project, &lock)?.first() {
        None => Ok(lock),
        Some(first) if matches!(lock_use, LockUse::AsItIs | LockUse::Looked) => {
            Err(unpinned(first, project))
        }
        // Another run may pin the same, or change the lock for another profile.
        Some(_) => pin_alone(&project.alone(session)?, project, session),
    }
}

/// Returns what the lock lacks, in plain words.
fn lacking(project: &Project, lock: &Lock) -> Result<Vec<String>, Failure> {
    let plugins = plugins::pin::lacking(project, lock)?.into_iter();
    let modules = modules::pin::lacking(project, lock)?.into_iter();
    let plugins = plugins.map(|(name, _)| format!("plugin {name}"));
    Ok(plugins.chain(modules.map(|(name, _)| format!("module {name}"))).collect())
}

fn pin_alone(alone: &Alone, project: &Project, session: &Session) -> Result<Lock, Failure> {
    let mut lock = project.lock(session)?.unwrap_or_default();
    let lookup = Lookup::new(Some(project), session)?;
    for (name, wanted) in modules::pin::lacking(project, &lock)? {
        session.note(&format!("resolving module {name}"));
        modules::pin::renew(&name, &wanted, &lookup, &mut lock)?;
    }
    for (name, wanted) in plugins::pin::lacking(project, &lock)? {
        session.note(&format!("resolving plugin {name}"));
        let pin = plugins::pin::found(&name, &wanted, &lock, &lookup, project)?;
        lock.plugins.insert(name, LockedPlugin::from(&pin));
    }
    project.save_lock(&lock, alone)?;
    Ok(lock)
}

fn unpinned(what: &str, project: &Project) -> Failure {
    let message = format!("{} does not pin {what}", project.lock_path().display());
    Failure::new(Exit::Lock, message).hint("`isoplug lock`, and commit what it writes")
}
