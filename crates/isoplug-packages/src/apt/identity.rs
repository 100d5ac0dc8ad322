//! Compares what a Release file says that it is with what was asked for and with what is locked.
//!
//! A signature says who made a file, not that it is the one that was asked for: a distribution signs all
//! its suites with the same keys, and those of years ago.

use isoplug_formats::apt::Release;
use isoplug_manifest::lock::LockedRelease;

use super::{AptSource, Error, Suite};
use crate::access::Allow;

/// Fails when a Release names a suite and a codename, and neither was asked for.
///
/// A flat repository has no name to ask for, and an archive without both fields says nothing: those are only
/// compared with the lock.
pub(super) fn check_asked(
    source: &AptSource,
    suite: &Suite,
    release: &Release,
) -> Result<(), Error> {
    let names = [&release.suite, &release.codename];
    let found: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).cloned().collect();
    // What the manifest says of `suite` says nothing of its pockets.
    let is_first = source.suites.first().is_some_and(|first| first.name == suite.name);
    let named = source.codename.as_deref().filter(|_| is_first);
    let asked = named.unwrap_or(&suite.name);
    let unnamed = found.is_empty() || (suite.is_flat() && named.is_none());
    if unnamed || found.iter().any(|name| is_or_holds(name, asked)) {
        return Ok(());
    }
    Err(Error::WrongSuite {
        source_name: source.name.clone(),
        suite: suite.name.clone(),
        asked: asked.to_owned(),
        found,
    })
}

/// Tells whether a name is the one that was asked for, or of a folder above it: `bookworm/updates` and
/// `bookworm/snapshots/5.12` are called `bookworm`.
fn is_or_holds(name: &str, asked: &str) -> bool {
    asked.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Fails when a Release is older than the locked one, or is called otherwise.
pub(super) fn check_locked(
    source: &AptSource,
    locked: Option<&LockedRelease>,
    new: &LockedRelease,
    allow: Allow,
) -> Result<(), Error> {
    let Some(locked) = locked else { return Ok(()) };
    let (source_name, suite) = (source.name.clone(), new.suite.clone());
    if let Some((was, now)) = renamed(locked, new).filter(|_| !allow.other_suite) {
        return Err(Error::Renamed { source_name, suite, was, now });
    }
    // Whoever names a moment may name an earlier one.
    if new.date < locked.date && !allow.older && source.snapshot.is_none() {
        let (was, now) = (locked.date, new.date);
        return Err(Error::Older { source_name, suite, was, now });
    }
    Ok(())
}

/// Returns the old and the new name. `stable` becomes `oldstable` under one codename, which is the name
/// that stays, so the suite only counts where there was no codename. Early locks have neither.
fn renamed(locked: &LockedRelease, new: &LockedRelease) -> Option<(String, String)> {
    let (was, now) = match locked.release_codename.is_empty() {
        false => (&locked.release_codename, &new.release_codename),
        true => (&locked.release_suite, &new.release_suite),
    };
    (!was.is_empty() && was != now).then(|| (was.clone(), now.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(suite: &str, codename: &str) -> LockedRelease {
        LockedRelease {
            release_suite: suite.to_owned(),
            release_codename: codename.to_owned(),
            ..LockedRelease::default()
        }
    }

    #[test]
    fn a_name_is_changed_by_its_codename() {
        let changed = |was: (&str, &str), now: (&str, &str)| {
            renamed(&release(was.0, was.1), &release(now.0, now.1)).is_some()
        };
        assert!(changed(("stable", "trixie"), ("stable", "forky")));
        assert!(!changed(("stable", "trixie"), ("oldstable", "trixie")));
        assert!(changed(("a", ""), ("b", "")));
        assert!(changed(("stable", "trixie"), ("stable", "")), "a name may not vanish");
        assert!(!changed(("", ""), ("stable", "trixie")), "early locks have no names");
        assert!(!changed(("", ""), ("", "")));
    }
}
