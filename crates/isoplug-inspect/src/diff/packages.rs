//! Packages: added, removed, newer, older.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use isoplug_formats::apt::version;
use serde::Serialize;

use crate::look::packages::Package;

/// A package that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageChange {
    /// Its name.
    pub name: String,
    /// Its architecture.
    pub architecture: String,
    /// Its source package.
    pub source: String,
    /// `added`, `removed`, `up` or `down`.
    pub way: &'static str,
    /// The version that it had.
    pub old: Option<String>,
    /// The version that it has.
    pub new: Option<String>,
    /// How many KiB more it takes, by its own word.
    pub kib: i64,
    /// The lines of its changelog between the two.
    pub changelog: Vec<String>,
    /// The vulnerabilities that those name.
    pub cves: Vec<String>,
}

/// Compares packages by name and architecture.
#[must_use]
pub fn compare(old: &[Package], new: &[Package]) -> Vec<PackageChange> {
    let mut pairs: BTreeMap<(&str, &str), [Option<&Package>; 2]> = BTreeMap::new();
    for (index, all) in [old, new].into_iter().enumerate() {
        for package in all {
            let pair = pairs.entry((&package.name, &package.architecture)).or_default();
            // Kernels of several versions have names of their own, so there is one of each.
            pair[index] = Some(package);
        }
    }
    let mut found: Vec<PackageChange> =
        pairs.into_values().filter_map(|[old, new]| change(old, new)).collect();
    found.sort_by(|a, b| (&a.source, &a.name).cmp(&(&b.source, &b.name)));
    found
}

fn change(old: Option<&Package>, new: Option<&Package>) -> Option<PackageChange> {
    let any = new.or(old)?;
    let kib = |it: Option<&Package>| it.map_or(0, |it| it.installed_kib.cast_signed());
    let version = |it: Option<&Package>| it.map(|it| it.version.clone());
    Some(PackageChange {
        name: any.name.clone(),
        architecture: any.architecture.clone(),
        source: any.source.clone(),
        way: way(old, new)?,
        old: version(old),
        new: version(new),
        kib: kib(new) - kib(old),
        ..PackageChange::default()
    })
}

fn way(old: Option<&Package>, new: Option<&Package>) -> Option<&'static str> {
    let (Some(old), Some(new)) = (old, new) else {
        return Some(if old.is_none() { "added" } else { "removed" });
    };
    match version::compare(&old.version, &new.version) {
        Ordering::Less => Some("up"),
        Ordering::Greater => Some("down"),
        Ordering::Equal => None,
    }
}
