//! Pins a plugin of a manifest that the lock does not pin yet.

use isoplug_manifest::lock::{Lock, LockedPlugin};
use isoplug_manifest::plugin::PluginSource;
use isoplug_registry::{Pin, Verdict};
use semver::Version;

use super::find::{InRegistry, NotFound};
use super::lookup::{Lookup, Offer};
use crate::alone::Alone;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::session::Session;

/// Finds a plugin that the user already allowed, and returns what to lock.
pub(crate) fn found(
    name: &str,
    wanted: &InRegistry,
    lock: &Lock,
    lookup: &Lookup,
    project: &Project,
) -> Result<Pin, Failure> {
    let known = lock.plugins.get(name).and_then(|locked| Pin::try_from(locked).ok());
    let known = known.filter(|known| wanted.is_from_here(known));
    let offer = lookup.offer(&wanted.reference, &wanted.requirement, known.as_ref(), false)?;
    check_offer(name, known.as_ref(), &offer)?;
    check_granted(name, &offer, project)?;
    offer.pin(name)
}

/// Writes one plugin into the lock as it is by now.
pub(crate) fn save(
    pin: &Pin,
    project: &Project,
    alone: &Alone,
    session: &Session,
) -> Result<(), Failure> {
    let mut lock = project.lock(session)?.unwrap_or_default();
    lock.plugins.insert(pin.name.clone(), LockedPlugin::from(pin));
    project.save_lock(&lock, alone)
}

/// Returns the plugins of registries that the lock does not pin. What is wrong with how the manifest names one is
/// drawn on its line when it is evaluated.
pub(crate) fn lacking(
    project: &Project,
    lock: &Lock,
) -> Result<Vec<(String, InRegistry)>, Failure> {
    let lacks = |(name, source): (String, PluginSource)| {
        let wanted = InRegistry::plugin(&source).ok().flatten()?;
        wanted.pin(lock.plugins.get(&name)).is_err().then_some((name, wanted))
    };
    Ok(project.plugins()?.into_iter().filter_map(lacks).collect())
}

/// Refuses a plugin whose publisher is not the one that was locked.
pub(crate) fn check_offer(name: &str, locked: Option<&Pin>, offer: &Offer) -> Result<(), Failure> {
    let Offer { resolved, verdict, .. } = offer;
    let anew = format!("`isoplug plugin remove {name}` and add it anew");
    check_publisher(&format!("plugin {name}"), locked, (verdict, &resolved.version), &anew)
}

/// Refuses a plugin or module whose publisher is not the one that was locked; `anew` says how to take it all the same.
pub(crate) fn check_publisher(
    what: &str,
    locked: Option<&Pin>,
    (verdict, version): (&Verdict, &Version),
    anew: &str,
) -> Result<(), Failure> {
    let now = verdict.to_string();
    match locked {
        Some(locked) if locked.publisher != now => {
            let message = format!(
                "the publisher of {what} changed: {} signed {}, {now} signed {version}",
                locked.publisher, locked.version
            );
            Err(Failure::new(Exit::Plugin, message)
                .hint(format!("ask both publishers why; to go on, {anew}")))
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
