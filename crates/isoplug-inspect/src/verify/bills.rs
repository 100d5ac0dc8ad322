//! Whether bills of materials and provenance speak of this image: its packages, its lock, its time.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bytes::hex;
use crate::image::Image;
use crate::look::packages::Package;
use crate::target::{self, System};

use super::Step;
use super::refusal::{Fault, Refusal};

/// A package that a lock pins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pinned {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
    /// The SHA-256 of its .deb.
    pub sha256: String,
}

/// Compares the packages of a system with those that a lock pins for it.
#[must_use]
pub fn lock(system: &System, pinned: &[Pinned]) -> Step {
    if pinned.is_empty() {
        return Step::absent("lock", "no lock lies beside it");
    }
    let have = system.packages.iter();
    let have: Versions = have.map(|it| ((&*it.name, &*it.architecture), &*it.version)).collect();
    let want = pinned.iter();
    let want: Versions = want.map(|it| ((&*it.name, &*it.architecture), &*it.version)).collect();
    let more = have.iter().filter(|(which, _)| !want.contains_key(*which));
    let more = more.map(|((name, _), version)| {
        format!("the image has {name} {version}, which the lock does not pin")
    });
    let faults = want.iter().filter_map(|pinned| other_version(&have, pinned));
    let faults = faults.chain(more).map(|text| Refusal::TamperedLock.fault(system.told(&text)));
    let said = format!("{} packages are as it pins them", want.len());
    Step::new("lock", system.told(&said), faults.collect())
}

/// Returns what is wrong with a package that the lock pins.
fn other_version(have: &Versions, (which, version): (&(&str, &str), &&str)) -> Option<String> {
    let said = format!("the lock pins {} {version}, and the image", which.0);
    match have.get(which) {
        None => Some(format!("{said} does not have it")),
        Some(found) if found == version => None,
        Some(found) => Some(format!("{said} has {found}")),
    }
}

/// Versions by name and architecture.
type Versions<'a> = BTreeMap<(&'a str, &'a str), &'a str>;

/// Compares the bills with the packages of each system of the image, and with the digests of the lock.
///
/// # Errors
///
/// When one cannot be read.
pub fn bills(image: &Image, digest: &str, pinned: &[Pinned]) -> io::Result<Step> {
    let (mut faults, mut seen) = (Vec::new(), Vec::new());
    for (ending, read) in [(".spdx.json", spdx as fn(&Value) -> Bill), (".cdx.json", cyclonedx)] {
        let Some(bytes) = image.beside(ending)? else { continue };
        seen.push(ending);
        match serde_json::from_slice::<Value>(&bytes) {
            Err(error) => faults.push(format!("the bill {ending} is not JSON: {error}")),
            Ok(value) => faults.extend(compare(ending, &read(&value), image, digest, pinned)),
        }
    }
    if seen.is_empty() {
        return Ok(Step::absent("bills", "no bill of materials lies beside it"));
    }
    let faults = faults.into_iter().take(20).map(|text| Refusal::TamperedBill.fault(text));
    let said = format!("{} name all packages of the image", seen.join(", "));
    Ok(Step::new("bills", said, faults.collect()))
}

/// What a bill says: the digest of the image, and versions and digests of packages by their names.
#[derive(Default)]
struct Bill {
    image: Option<String>,
    packages: BTreeMap<String, BTreeSet<String>>,
    digests: BTreeMap<String, BTreeSet<String>>,
    /// Name and version of packages, and a system that has it; where a medium has several.
    systems: BTreeSet<(String, String, String)>,
}

fn spdx(bill: &Value) -> Bill {
    let mut found = Bill::default();
    for package in bill["packages"].as_array().into_iter().flatten() {
        let text = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
        if text("packageFileName").ends_with(".iso") || text("SPDXID") == "SPDXRef-Image" {
            found.image = sum_of_spdx(package).map(str::to_owned);
        }
        found.add(&text("name"), &text("versionInfo"), sum_of_spdx(package));
        let comment = text("comment");
        let systems = comment.split("; ").filter_map(|part| part.strip_prefix("installed in "));
        let systems = systems.flat_map(|names| names.split(", "));
        found.add_systems(&text("name"), &text("versionInfo"), systems);
    }
    // Older bills of isoplug have the image as a file.
    for file in bill["files"].as_array().into_iter().flatten() {
        if file["fileName"].as_str().is_some_and(|name| name.ends_with(".iso")) {
            found.image = sum_of_spdx(file).map(str::to_owned);
        }
    }
    found
}

fn sum_of_spdx(element: &Value) -> Option<&str> {
    let mut sums = element["checksums"].as_array()?.iter();
    sums.find(|sum| sum["algorithm"] == "SHA256")?["checksumValue"].as_str()
}

fn cyclonedx(bill: &Value) -> Bill {
    let mut found = Bill::default();
    let sum = |component: &Value| {
        let hashes = component["hashes"].as_array().into_iter().flatten();
        hashes
            .filter(|hash| hash["alg"] == "SHA-256")
            .find_map(|hash| hash["content"].as_str())
            .map(str::to_owned)
    };
    found.image = sum(&bill["metadata"]["component"]);
    for component in bill["components"].as_array().into_iter().flatten() {
        let text = |name: &str| component[name].as_str().unwrap_or_default();
        found.add(text("name"), text("version"), sum(component).as_deref());
        let properties = component["properties"].as_array().into_iter().flatten();
        let systems = properties.filter(|it| it["name"] == "isoplug:system");
        let systems = systems.filter_map(|it| it["value"].as_str());
        found.add_systems(text("name"), text("version"), systems);
    }
    found
}

impl Bill {
    fn add(&mut self, name: &str, version: &str, sum: Option<&str>) {
        self.packages.entry(name.to_owned()).or_default().insert(version.to_owned());
        if let Some(sum) = sum {
            self.digests.entry(name.to_owned()).or_default().insert(sum.to_lowercase());
        }
    }

    fn add_systems<'a>(
        &mut self,
        name: &str,
        version: &str,
        systems: impl Iterator<Item = &'a str>,
    ) {
        let which = |system: &str| (name.to_owned(), version.to_owned(), system.to_owned());
        self.systems.extend(systems.map(which));
    }

    fn names(&self, name: &str, version: &str) -> bool {
        self.packages.get(name).is_some_and(|versions| versions.contains(version))
    }

    /// Returns what it does not say of the systems of an image, and what it says wrongly.
    fn faults(&self, ending: &str, systems: &[System]) -> Vec<String> {
        let mut said = self.systems.clone();
        let mut faults = Vec::new();
        for system in systems {
            let found = system.packages.iter();
            faults.extend(found.filter_map(|one| self.fault(one, ending, system, &mut said)));
        }
        let more = said.into_iter().map(|(name, version, system)| {
            format!("the bill {ending} says that {system} has {name} {version}, which it has not")
        });
        faults.into_iter().chain(more).collect()
    }

    /// Returns what it does not say of a package of a system; takes out of `said` what it says.
    fn fault(
        &self,
        Package { name, version, .. }: &Package,
        ending: &str,
        system: &System,
        said: &mut BTreeSet<(String, String, String)>,
    ) -> Option<String> {
        let which = (name.clone(), version.clone(), system.name.to_owned());
        let is_said = said.remove(&which);
        if !self.names(name, version) {
            return Some(system.told(&format!("the bill {ending} does not name {name} {version}")));
        }
        // One of a medium with one system does not say it.
        let says_none = self.systems.is_empty() || system.name.is_empty();
        (!is_said && !says_none).then(|| {
            format!("the bill {ending} does not say that {} has {name} {version}", system.name)
        })
    }
}

fn compare(
    ending: &str,
    bill: &Bill,
    image: &Image,
    digest: &str,
    pinned: &[Pinned],
) -> Vec<String> {
    let is_other = bill.image.as_ref().is_some_and(|said| said != digest);
    let other =
        format!("the bill {ending} is of another image: it names a file with another SHA-256");
    let missing = bill.faults(ending, &target::systems(image));
    let is_wrong = |it: &&Pinned| {
        bill.digests.get(&it.name).is_some_and(|digests| !digests.contains(&it.sha256))
    };
    let wrong = pinned.iter().filter(is_wrong);
    let wrong = wrong
        .map(|it| format!("the bill {ending} has another SHA-256 for {} than the lock", it.name));
    Some(other).filter(|_| is_other).into_iter().chain(missing).chain(wrong).collect()
}

/// Compares the provenance with the lock beside the image and with its packages.
///
/// # Errors
///
/// When one cannot be read.
pub fn provenance(image: &Image, pinned: &[Pinned]) -> io::Result<Step> {
    const WHAT: &str = "provenance";
    let Some(bytes) = image.beside(".provenance.json")? else {
        return Ok(Step::absent(WHAT, "no provenance lies beside it"));
    };
    let Ok(predicate) = serde_json::from_slice::<Value>(&bytes) else {
        let fault = Refusal::TamperedProvenance.fault("the provenance is not JSON");
        return Ok(Step::new(WHAT, "", vec![fault]));
    };
    let build = &predicate["buildDefinition"];
    let resolved = build["resolvedDependencies"].as_array().cloned().unwrap_or_default();
    let mut faults: Vec<Fault> = other_lock(image, &resolved)?.into_iter().collect();
    let digests: BTreeSet<&str> = resolved.iter().map(sum_of_slsa).collect();
    let missing = pinned.iter().filter(|it| !digests.contains(&*it.sha256)).take(10);
    let missing =
        missing.map(|it| format!("the provenance does not name {} {}", it.name, it.version));
    faults.extend(missing.map(|text| Refusal::TamperedProvenance.fault(text)));
    faults.extend(age(image, build["internalParameters"]["epoch"].as_u64()));
    Ok(Step::new(WHAT, format!("{} things went into it", resolved.len()), faults))
}

fn sum_of_slsa(dependency: &Value) -> &str {
    dependency["digest"]["sha256"].as_str().unwrap_or_default()
}

fn other_lock(image: &Image, resolved: &[Value]) -> io::Result<Option<Fault>> {
    let is_lock = |it: &&Value| it["name"].as_str().is_some_and(|name| name.ends_with(".lock"));
    let (Some(lock), Some(named)) = (image.beside(".lock")?, resolved.iter().find(is_lock)) else {
        return Ok(None);
    };
    let is_other = sum_of_slsa(named) != hex(&Sha256::digest(&lock));
    let text =
        "the provenance is of another build: it names another lock than the one beside the image";
    Ok(is_other.then(|| Refusal::OtherBuild.fault(text)))
}

/// A provenance of another time is one of another build.
fn age(image: &Image, said: Option<u64>) -> Option<Fault> {
    let found = image.root.layers.last().map(|(_, layer)| u64::from(layer.mtime))?;
    let said = said.filter(|said| *said != found)?;
    let word = if said < found { "older" } else { "newer" };
    let text = format!(
        "the provenance is of an {word} build: its epoch is {said}, that of the image {found}"
    );
    Some(Refusal::Replayed.fault(text.replace("an newer", "a newer")))
}
