//! Whether bills of materials and provenance speak of this image: its packages, its lock, its time.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bytes::hex;
use crate::image::Image;

use super::Step;

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

/// Compares the packages of an image with those of a lock.
#[must_use]
pub fn lock(image: &Image, pinned: &[Pinned]) -> Step {
    if pinned.is_empty() {
        return Step::absent("lock", "no lock lies beside it");
    }
    let have: BTreeMap<(&str, &str), &str> =
        image.packages.iter().map(|it| ((&*it.name, &*it.architecture), &*it.version)).collect();
    let want: BTreeMap<(&str, &str), &str> =
        pinned.iter().map(|it| ((&*it.name, &*it.architecture), &*it.version)).collect();
    let mut faults = Vec::new();
    for ((name, architecture), version) in &want {
        match have.get(&(*name, *architecture)) {
            None => faults
                .push(format!("the lock pins {name} {version}, and the image does not have it")),
            Some(found) if found != version => {
                faults.push(format!("the lock pins {name} {version}, and the image has {found}"));
            }
            Some(_) => {}
        }
    }
    let more = have.iter().filter(|(which, _)| !want.contains_key(*which));
    faults.extend(more.map(|((name, _), version)| {
        format!("the image has {name} {version}, which the lock does not pin")
    }));
    Step::new("lock", format!("{} packages are as it pins them", want.len()), faults)
}

/// Compares the bills with the packages of the image and the digests of the lock.
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
    faults.truncate(20);
    Ok(Step::new("bills", format!("{} name all packages of the image", seen.join(", ")), faults))
}

/// What a bill says: the digest of the image, and versions and digests of packages by their names.
#[derive(Default)]
struct Bill {
    image: Option<String>,
    packages: BTreeMap<String, BTreeSet<String>>,
    digests: BTreeMap<String, BTreeSet<String>>,
}

fn spdx(bill: &Value) -> Bill {
    let mut found = Bill::default();
    for package in bill["packages"].as_array().into_iter().flatten() {
        let text = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
        let sums = package["checksums"].as_array().into_iter().flatten();
        let sum = sums
            .filter(|sum| sum["algorithm"] == "SHA256")
            .find_map(|sum| sum["checksumValue"].as_str());
        if text("packageFileName").ends_with(".iso") || text("SPDXID") == "SPDXRef-Image" {
            found.image = sum.map(str::to_owned);
        }
        found.add(&text("name"), &text("versionInfo"), sum);
    }
    // Older bills of isoplug have the image as a file.
    for file in bill["files"].as_array().into_iter().flatten() {
        let sums = file["checksums"].as_array().into_iter().flatten();
        let sum = sums
            .filter(|sum| sum["algorithm"] == "SHA256")
            .find_map(|sum| sum["checksumValue"].as_str());
        if file["fileName"].as_str().is_some_and(|name| name.ends_with(".iso")) {
            found.image = sum.map(str::to_owned);
        }
    }
    found
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
}

fn compare(
    ending: &str,
    bill: &Bill,
    image: &Image,
    digest: &str,
    pinned: &[Pinned],
) -> Vec<String> {
    let mut faults = Vec::new();
    if bill.image.as_ref().is_some_and(|said| said != digest) {
        faults.push(format!(
            "the bill {ending} is of another image: it names a file with another SHA-256"
        ));
    }
    for package in &image.packages {
        let versions = bill.packages.get(&package.name);
        if versions.is_none_or(|versions| !versions.contains(&package.version)) {
            faults.push(format!(
                "the bill {ending} does not name {} {}",
                package.name, package.version
            ));
        }
    }
    for it in pinned {
        let digests = bill.digests.get(&it.name);
        if digests.is_some_and(|digests| !digests.contains(&it.sha256)) {
            faults.push(format!(
                "the bill {ending} has another SHA-256 for {} than the lock",
                it.name
            ));
        }
    }
    faults
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
        return Ok(Step::new(WHAT, "", vec!["the provenance is not JSON".to_owned()]));
    };
    let build = &predicate["buildDefinition"];
    let resolved: Vec<&Value> =
        build["resolvedDependencies"].as_array().into_iter().flatten().collect();
    let digest = |it: &Value| it["digest"]["sha256"].as_str().unwrap_or_default().to_owned();
    let digests: BTreeSet<String> = resolved.iter().map(|it| digest(it)).collect();
    let mut faults = Vec::new();
    let is_lock = |it: &&&Value| it["name"].as_str().is_some_and(|name| name.ends_with(".lock"));
    if let (Some(lock), Some(named)) = (image.beside(".lock")?, resolved.iter().find(is_lock))
        && digest(named) != hex(&Sha256::digest(&lock))
    {
        faults.push("the provenance is of another build: it names another lock than the one beside the image".to_owned());
    }
    let missing = pinned.iter().filter(|it| !digests.contains(&it.sha256));
    faults.extend(
        missing
            .take(10)
            .map(|it| format!("the provenance does not name {} {}", it.name, it.version)),
    );
    faults.extend(age(image, build["internalParameters"]["epoch"].as_u64()));
    Ok(Step::new(WHAT, format!("{} things went into it", resolved.len()), faults))
}

/// A provenance of another time is one of another build.
fn age(image: &Image, said: Option<u64>) -> Option<String> {
    let found = image.root.layers.last().map(|(_, layer)| u64::from(layer.mtime))?;
    let said = said.filter(|said| *said != found)?;
    let word = if said < found { "older" } else { "newer" };
    Some(
        format!(
            "the provenance is of an {word} build: its epoch is {said}, that of the image {found}"
        )
        .replace("an newer", "a newer"),
    )
}
