//! Pins the shared modules of a manifest: those that the lock does not pin yet, or newer versions of all.

use isoplug_manifest::lock::{Lock, LockedPlugin};
use isoplug_registry::{Kind, Pin};

use super::RegistryModule;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::lookup::Lookup;
use crate::project::Project;

/// Returns the modules of registries that the lock does not pin. What is wrong with how the manifest names one is drawn
/// on its line when it is evaluated.
pub(crate) fn lacking(
    project: &Project,
    lock: &Lock,
) -> Result<Vec<(String, RegistryModule)>, Failure> {
    let mut all = of_registries(project)?;
    all.retain(|(name, wanted)| wanted.pin(name, lock).is_none());
    Ok(all)
}

/// Returns the modules of registries.
pub(crate) fn of_registries(project: &Project) -> Result<Vec<(String, RegistryModule)>, Failure> {
    let wanted = |(name, source)| Some((name, RegistryModule::read(&source).ok().flatten()?));
    Ok(project.modules()?.into_iter().filter_map(wanted).collect())
}

/// Finds the newest version of a module and writes it into a lock; returns what was there, and what is now.
pub(crate) fn renew(
    name: &str,
    wanted: &RegistryModule,
    lookup: &Lookup,
    lock: &mut Lock,
) -> Result<(Option<Pin>, Pin), Failure> {
    let locked = lock.modules.get(name).and_then(|locked| Pin::try_from(locked).ok());
    let locked = locked.filter(|locked| locked.source.place == wanted.reference.place);
    // What the user named in the manifest is approved of: it can do no more than a profile.
    let chosen = lookup.choose(&wanted.reference, &wanted.requirement, locked.as_ref(), true)?;
    if chosen.resolved.release.kind() != Kind::Module {
        let message = format!("{} is a plugin, not a shared module", wanted.reference);
        return Err(Failure::new(Exit::Manifest, message).hint("`isoplug plugin add` takes it"));
    }
    let now = chosen.verdict.to_string();
    if let Some(before) = locked.as_ref().filter(|before| before.publisher != now) {
        return Err(other_publisher(name, before, &now, &chosen.resolved.version));
    }
    let nothing = isoplug_engine::Digest::of(b"{}");
    let (reference, requirement) = (&wanted.reference, &wanted.requirement);
    let pin = chosen.resolved.lock(name, reference, requirement, nothing, &chosen.verdict)?;
    lock.modules.insert(name.to_owned(), LockedPlugin::from(&pin));
    Ok((locked, pin))
}

fn other_publisher(name: &str, before: &Pin, now: &str, version: &semver::Version) -> Failure {
    let message = format!(
        "the publisher of module {name} changed: {} signed {}, {now} signed {version}",
        before.publisher, before.version
    );
    Failure::new(Exit::Plugin, message).hint(format!(
        "ask both publishers why; to go on, remove [[module]] {name} from isoplug.lock and run `isoplug lock`"
    ))
}
