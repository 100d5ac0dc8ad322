//! Which older Release files a lock keeps: those that its packages are from, where the newest has them no more.
//!
//! What an index has is asked of the cache alone; of what is not there, nothing is given up.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_manifest::lock::{Lock, LockedPackage, LockedRelease, LockedSource};

use crate::Access;
use crate::apt::{AptSource, OLDER};

/// Puts those of a source's Release files of before that packages of an image are from behind the newest.
pub(super) fn keep(source: &AptSource, before: &LockedSource, lock: &mut Lock, access: &Access) {
    let Some(now) = lock.sources.get(&source.name).filter(|_| source.folder.is_none()) else {
        return;
    };
    let newest = source.newest(now);
    let others = now.releases.iter().chain(&before.releases);
    let others: Vec<&LockedRelease> = others.filter(|one| !newest.contains(one)).collect();
    if others.is_empty() {
        return;
    }
    let older: Vec<LockedRelease> = needed(source, &newest, &others, lock, access);
    if let Some(now) = lock.sources.get_mut(&source.name) {
        now.releases = newest.into_iter().chain(older).collect();
    }
}

/// Returns those of the older ones that are needed, the newest first. Packages are in an archive for a while: the oldest
/// one that an image is from has most of what it needs.
fn needed(
    source: &AptSource,
    newest: &[LockedRelease],
    others: &[&LockedRelease],
    lock: &Lock,
    access: &Access,
) -> Vec<LockedRelease> {
    let is_of = |package: &&LockedPackage| {
        source.suites.iter().any(|suite| suite.archive == package.source)
    };
    let mut open: BTreeSet<&LockedPackage> = lock.packages().filter(is_of).collect();
    newest.iter().for_each(|release| _ = take(source, release, &mut open, false, access));
    let mut older: Vec<LockedRelease> = Vec::new();
    for release in others.iter().rev().filter(|one| source.has_suite(one)) {
        let is_there = older.contains(release);
        if !is_there && take(source, release, &mut open, true, access) {
            older.insert(0, (*release).clone());
        }
    }
    older.truncate(OLDER);
    older
}

/// What a release has for each architecture, by SHA-256, as far as the cache knows it.
type Sums<'l> = BTreeMap<&'l str, Option<BTreeSet<String>>>;

/// Takes out what a release has; tells whether there was something. Of an architecture whose index is not known it has
/// all, or nothing.
fn take(
    source: &AptSource,
    release: &LockedRelease,
    open: &mut BTreeSet<&LockedPackage>,
    unknown: bool,
    access: &Access,
) -> bool {
    let before = open.len();
    let sums = sums(source, release, open, access);
    let has = |known: &Option<BTreeSet<String>>, package: &LockedPackage| match known {
        Some(sums) => sums.contains(&package.sha256),
        None => unknown && release.archive == package.source,
    };
    open.retain(|package| match sums.get(package.architecture.as_str()) {
        Some(known) => !has(known, package),
        // Packages for all architectures are in each index, or in one of their own that is read with each.
        None => !sums.values().any(|known| has(known, package)),
    });
    open.len() < before
}

fn sums<'l>(
    source: &AptSource,
    release: &LockedRelease,
    open: &BTreeSet<&'l LockedPackage>,
    access: &'l Access,
) -> Sums<'l> {
    let own = |architecture: &'l str| match architecture {
        "all" => access.architecture.as_str(),
        other => other,
    };
    let architectures = open.iter().map(|package| own(package.architecture.as_str()));
    let architectures: BTreeSet<&str> = architectures.collect();
    let of = |architecture| (architecture, source.sums(release, architecture, access));
    architectures.into_iter().map(of).collect()
}
