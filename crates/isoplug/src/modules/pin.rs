//! Pins the shared modules of a manifest: those that the lock does not pin yet, or newer versions of all.

use isoplug_manifest::lock::{Lock, LockedPlugin};
use isoplug_registry::{Kind, Pin};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::find::InRegistry;
use crate::plugins::lookup::Lookup;
use crate::plugins::pin::check_publisher;
use crate::project::Project;

/// Returns the modules of registries that the lock does not pin. What is wrong with how the manifest names one is drawn
/// on its line when it is evaluated.
pub(crate) fn lacking(
    project: &Project,
    lock: &Lock,
) -> Result<Vec<(String, InRegistry)>, Failure> {
    let mut all = of_registries(project)?;
    all.retain(|(name, wanted)| wanted.pin(lock.modules.get(name)).is_err());
    Ok(all)
}

/// Returns the modules of registries.
pub(crate) fn of_registries(project: &Project) -> Result<Vec<(String, InRegistry)>, Failure> {
    let wanted = |(name, source)| Some((name, InRegistry::module(&source).ok().flatten()?));
    Ok(project.modules()?.into_iter().filter_map(wanted).collect())
}

/// Finds the newest version of a module and writes it into a lock; returns what was there, and what is now.
pub(crate) fn renew(
    name: &str,
    wanted: &InRegistry,
    lookup: &Lookup,
    lock: &mut Lock,
) -> Result<(Option<Pin>, Pin), Failure> {
    let locked = lock.modules.get(name).and_then(|locked| Pin::try_from(locked).ok());
    let locked = locked.filter(|locked| wanted.is_from_here(locked));
    // What the user named in the manifest is approved of: it can do no more than a profile.
    let chosen = lookup.choose(&wanted.reference, &wanted.requirement, locked.as_ref(), true)?;
    if chosen.resolved.release.kind() != Kind::Module {
        let message = format!("{} is a plugin, not a shared module", wanted.reference);
        return Err(Failure::new(Exit::Manifest, message).hint("`isoplug plugin add` takes it"));
    }
    let publisher = (&chosen.verdict, &chosen.resolved.version);
    let anew = format!("remove [[module]] {name} from isoplug.lock and run `isoplug lock`");
    check_publisher(&format!("module {name}"), locked.as_ref(), publisher, &anew)?;
    let nothing = isoplug_engine::Digest::of(b"{}");
    let (reference, requirement) = (&wanted.reference, &wanted.requirement);
    let pin = chosen.resolved.lock(name, reference, requirement, nothing, &chosen.verdict)?;
    lock.modules.insert(name.to_owned(), LockedPlugin::from(&pin));
    Ok((locked, pin))
}
