//! Merges two locks that grew from one: what git cannot do line by line, since a lock is more than its lines.
//!
//! Knows no manifest: whether the merged lock fits it, `isoplug lock --locked` tells.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use isoplug_manifest::lock::{Lock, LockedSource};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::place;
use crate::read::read_text;

/// Merges what two sides made of a lock and writes it over the file of the first, as a merge driver of git does.
///
/// # Errors
/// If both changed the same image or plugin in two ways, or a file is no lock. Then nothing is written.
pub(crate) fn merge_files([base, ours, theirs]: [&Path; 3]) -> Result<(), Failure> {
    let merged = merge(&read(base)?, &read(ours)?, &read(theirs)?).map_err(|both| {
        let message = format!("both sides changed {} of the lock", both.join(", "));
        Failure::new(Exit::Lock, message)
            .hint("take the lock of one side, then `isoplug lock` adds what the other's manifest asks for")
    })?;
    place::write(ours, &merged.to_toml()).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write {}", ours.display())).because(&error)
    })
}

/// Reads a lock; git gives an empty file where a side has none.
fn read(path: &Path) -> Result<Lock, Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::new(Exit::Lock, format!("cannot merge {}", path.display())).because(error)
    };
    let text = read_text(path).map_err(|error| failed(&error))?;
    if text.trim().is_empty() {
        return Ok(Lock::default());
    }
    Lock::parse(&text).map_err(|error| failed(&error))
}

/// Returns the merged lock, or what both sides changed in two ways.
fn merge(base: &Lock, ours: &Lock, theirs: &Lock) -> Result<Lock, Vec<String>> {
    let mut both = Vec::new();
    let images = whole("image", [base, ours, theirs].map(|lock| &lock.images), &mut both);
    let plugins = whole("plugin", [base, ours, theirs].map(|lock| &lock.plugins), &mut both);
    let modules = whole("module", [base, ours, theirs].map(|lock| &lock.modules), &mut both);
    // Each image has its packages by itself, so the newer of two looks at an archive is good for both.
    let (own, other) = (&ours.sources, &theirs.sources);
    let sources =
        merged([&base.sources, own, other], |name| newer(own.get(name)?, other.get(name)?));
    let version = ours.version.max(theirs.version);
    if !both.is_empty() {
        return Err(both);
    }
    Ok(Lock { version, sources, images, plugins, modules })
}

/// Takes each entry from the side that changed it, and notes those that both did, in two ways.
fn whole<T: Clone + PartialEq>(
    kind: &str,
    sides: [&BTreeMap<String, T>; 3],
    both: &mut Vec<String>,
) -> BTreeMap<String, T> {
    merged(sides, |name| {
        both.push(format!("the {kind} `{name}`"));
        None
    })
}

/// Takes each entry from the side that changed it; `both` is asked where both did, in two ways.
fn merged<T: Clone + PartialEq>(
    [base, ours, theirs]: [&BTreeMap<String, T>; 3],
    mut both: impl FnMut(&str) -> Option<T>,
) -> BTreeMap<String, T> {
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let entry = |name: &String| {
        let [base, ours, theirs] = [base.get(name), ours.get(name), theirs.get(name)];
        let taken = match (ours, theirs) {
            _ if ours == theirs || base == theirs => ours.cloned(),
            _ if base == ours => theirs.cloned(),
            _ => both(name),
        };
        taken.map(|taken| (name.clone(), taken))
    };
    names.into_iter().filter_map(entry).collect()
}

/// Returns the source that was looked at later.
fn newer(ours: &LockedSource, theirs: &LockedSource) -> Option<LockedSource> {
    let date = |source: &LockedSource| source.releases.iter().map(|one| one.date).max();
    Some(if date(theirs) > date(ours) { theirs.clone() } else { ours.clone() })
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::lock::{LockedImage, LockedRelease};

    use super::*;

    fn lock(images: &[(&str, &str)], date: u64) -> Lock {
        let image = |(name, request): &(&str, &str)| {
            let image = LockedImage { request: (*request).to_owned(), ..LockedImage::default() };
            ((*name).to_owned(), image)
        };
        let release = LockedRelease { date, ..LockedRelease::default() };
        let source = LockedSource { releases: vec![release] };
        let sources = BTreeMap::from([("debian".to_owned(), source)]);
        Lock { images: images.iter().map(image).collect(), sources, ..Lock::default() }
    }

    fn requests(lock: &Lock) -> String {
        let image = |(name, image): (&String, &LockedImage)| format!("{name}={}", image.request);
        lock.images.iter().map(image).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_side_keeps_what_it_added_changed_and_removed() {
        let base = lock(&[("a", "1"), ("b", "1"), ("c", "1")], 5);
        let ours = lock(&[("a", "2"), ("b", "1"), ("c", "1"), ("d", "1")], 6);
        let theirs = lock(&[("a", "1"), ("c", "1"), ("e", "1")], 7);
        let merged = merge(&base, &ours, &theirs).unwrap();
        assert_eq!(requests(&merged), "a=2 c=1 d=1 e=1");
        assert_eq!(merged.newest(), 7, "the later look at an archive");
        assert_eq!(merge(&base, &theirs, &ours).unwrap(), merged, "whoever merges");
    }

    #[test]
    fn what_both_changed_in_two_ways_is_named() {
        let [base, ours, theirs] = ["1", "2", "3"].map(|request| lock(&[("a", request)], 5));
        assert_eq!(merge(&base, &ours, &theirs).unwrap_err(), ["the image `a`"]);
        let (nothing, same) = (Lock::default(), lock(&[("a", "2")], 5));
        assert_eq!(requests(&merge(&nothing, &ours, &same).unwrap()), "a=2");
        assert_eq!(merge(&base, &ours, &Lock::default()).unwrap_err(), ["the image `a`"]);
    }
}
