//! The packages of two profiles, each with the way from what the manifest asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::slice::Iter;

use isoplug_manifest::System;
use isoplug_manifest::lock::{Lock, LockedImage, LockedPackage};
use isoplug_manifest::package::named_in;
use isoplug_packages::Request;
use isoplug_packages::locking::Sources;
use isoplug_packages::resolve::Reason;

use crate::failure::Failure;
use crate::locking;
use crate::session::Session;

/// The longest way that is told.
const LONGEST: usize = 5;

/// The packages of a profile, by name.
pub(super) struct Packages {
    /// Each with its version, as far as it is locked, and why it is there.
    all: BTreeMap<String, (String, String)>,
    /// Whether they are those of a lock.
    pub(super) is_locked: bool,
    /// Why it is not known who brings them, if so.
    pub(super) unknown: Option<String>,
}

/// A package that is not the same in two profiles.
pub(super) struct OtherPackage {
    pub(super) name: String,
    /// Version and reason on each side; `None` where it is not.
    pub(super) sides: [Option<(String, String)>; 2],
}

impl Packages {
    /// Takes those that a lock pins.
    pub(super) fn locked(
        image: &LockedImage,
        lock: &Lock,
        (sources, request): (&Sources, &Request),
        system: &System,
        session: &Session,
    ) -> Result<Self, Failure> {
        let asked = asked(system);
        let base = image.groups.first().into_iter().flatten();
        let names = base.map(|package| package.name.to_string());
        let roots: BTreeSet<String> = names.chain(asked.keys().cloned()).collect();
        let reasons = locking::reasons((sources, request), system, (lock, image, &roots), session)?;
        let unknown = reasons.is_none().then(|| {
            "who brings a package is not known: the indices of the lock are not in the store"
                .to_owned()
        });
        let all = all(image, &asked, &reasons.unwrap_or_default());
        Ok(Self { all, is_locked: true, unknown })
    }

    /// Takes those that the manifest asks for by name.
    pub(super) fn asked(system: &System) -> Self {
        let all = asked(system).into_iter().map(|(name, why)| (name, (String::new(), why)));
        Self { all: all.collect(), is_locked: false, unknown: None }
    }
}

/// Returns version and reason of all packages, by name.
fn all(
    image: &LockedImage,
    asked: &BTreeMap<String, String>,
    reasons: &BTreeMap<String, Reason>,
) -> BTreeMap<String, (String, String)> {
    let mut all = BTreeMap::new();
    for (word, list) in beside(image) {
        let of = |one: &LockedPackage| (one.version.to_string(), word.to_owned());
        all.extend(list.map(|one| (image.name_of(one), of(one))));
    }
    let groups = image.groups.iter().enumerate();
    for (index, package) in
        groups.flat_map(|(index, group)| group.iter().map(move |one| (index, one)))
    {
        let name = image.name_of(package);
        let why = match (asked.get(&name), index) {
            (Some(why), _) => why.clone(),
            (None, 0) => "every system has it".to_owned(),
            (None, _) => way(&name, reasons, asked),
        };
        all.insert(name, (package.version.to_string(), why));
    }
    all
}

/// Returns the packages that are not installed, with what they are for.
fn beside(image: &LockedImage) -> [(&'static str, Iter<'_, LockedPackage>); 3] {
    [
        ("on the medium, not installed", image.offline.iter()),
        ("drivers are made of it", image.drivers.iter()),
        ("boot loaders are taken from it", image.boot.iter()),
    ]
}

/// Returns what the options ask for, with which option does.
fn asked(system: &System) -> BTreeMap<String, String> {
    let needed = system.packages().into_iter().rev();
    needed
        .map(|one| {
            let name = named_in(&one.what.name, &system.arch).to_owned();
            (name, format!("`{}` asks for it", one.because))
        })
        .collect()
}

/// Returns the way to a package from one that is asked for.
fn way(name: &str, reasons: &BTreeMap<String, Reason>, asked: &BTreeMap<String, String>) -> String {
    let mut steps = Vec::new();
    let mut at = name;
    while let Some(Reason { by, recommended }) = reasons.get(at).filter(|_| steps.len() < LONGEST) {
        let word = if *recommended { "recommends" } else { "needs" };
        let what = if at == name { "it" } else { at };
        steps.push(format!("{by} {word} {what}"));
        at = by;
    }
    let asked = asked.get(at).filter(|_| at != name).and_then(|why| why.strip_suffix("it"));
    steps.extend(asked.map(|why| format!("{why}{at}")));
    if steps.is_empty() { "another package brings it".to_owned() } else { steps.join(", ") }
}

/// Returns the packages that differ, by name.
pub(super) fn differing(a: &Packages, b: &Packages) -> Vec<OtherPackage> {
    let names: BTreeSet<&String> = a.all.keys().chain(b.all.keys()).collect();
    let other = |name: &String| {
        let sides = [a.all.get(name).cloned(), b.all.get(name).cloned()];
        let version =
            |side: &Option<(String, String)>| side.as_ref().map(|(version, _)| version.clone());
        (version(&sides[0]) != version(&sides[1]))
            .then(|| OtherPackage { name: name.clone(), sides })
    };
    names.into_iter().filter_map(other).collect()
}
