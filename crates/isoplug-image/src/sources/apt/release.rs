//! Fetches and verifies the Release file of a suite.

use isoplug_engine::Digest;
use isoplug_formats::apt::{Release, clearsign};
use isoplug_manifest::lock::LockedRelease;

use super::{AptSource, Error, Suite, ValidUntil, cache};
use crate::sources::Access;
use crate::sources::download::{self, Expected};
use crate::sources::keyring;

/// The most bytes that an InRelease file may have; Debian's have less than 1 MB.
const LIMIT: u64 = 32 << 20;
/// How far ahead of the clock a Release may be, in seconds: clocks differ.
const AHEAD: u64 = 86_400;
/// Where the cache keeps them.
const KIND: &str = "releases";

/// Fetches the newest Release of a suite and checks who signed it, and when.
pub(super) fn fetch(
    source: &AptSource,
    suite: &Suite,
    access: &Access,
) -> Result<(LockedRelease, Release), Error> {
    let bytes = download(source, suite, access)?;
    let (release, signers) = verify(source, suite, &bytes)?;
    check_time(source, suite, &release, access)?;
    let sha256 = Digest::of(&bytes).hex();
    cache::write(&access.cache, KIND, &sha256, &bytes)?;
    let (name, archive) = (suite.name.clone(), suite.archive.clone());
    let locked = LockedRelease { suite: name, archive, sha256, date: release.date, signers };
    Ok((locked, release))
}

/// Returns a locked Release from the cache; it was verified before it was locked.
pub(super) fn recall(locked: &LockedRelease, access: &Access) -> Result<Option<Release>, Error> {
    let Some(bytes) = cache::read(&access.cache, KIND, &locked.sha256)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    let signed = clearsign::split(&text).map(|signed| signed.text).unwrap_or_default();
    Ok(Release::parse(&signed).ok())
}

fn download(source: &AptSource, suite: &Suite, access: &Access) -> Result<Vec<u8>, Error> {
    let path = format!("dists/{}/InRelease", suite.name);
    let expected = Expected { limit: LIMIT, ..Expected::default() };
    access.fetch(&suite.mirrors, &path, &expected).map_err(|error| match error {
        Error::Download { source: download::Error::Failed { failures, .. }, .. }
            if failures.iter().all(|failure| matches!(failure.why, download::Why::Absent(_))) =>
        {
            let tried = failures.into_iter().map(|failure| failure.url).collect();
            let (source_name, suite) = (source.name.clone(), suite.name.clone());
            Error::UnknownSuite { source_name, suite, tried }
        }
        Error::Download { source: failure, .. } => {
            Error::Download { source_name: source.name.clone(), source: failure }
        }
        other => other,
    })
}

fn verify(
    source: &AptSource,
    suite: &Suite,
    bytes: &[u8],
) -> Result<(Release, Vec<String>), Error> {
    let (name, archive) = (suite.name.clone(), suite.archive.clone());
    let untrusted =
        |error| Error::Untrusted { suite: name.clone(), archive: archive.clone(), source: error };
    let text = String::from_utf8_lossy(bytes);
    let signed = clearsign::split(&text).map_err(|bad| untrusted(keyring::Error::from(bad)))?;
    // Only the date is used before the signature is checked, to know which keys count.
    let release = Release::parse(&signed.text).map_err(|bad| Error::Malformed {
        suite: name.clone(),
        archive: archive.clone(),
        source: bad,
    })?;
    let signers =
        source.keys.verify(&signed.text, signed.signature, release.date).map_err(untrusted)?;
    Ok((release, signers))
}

fn check_time(
    source: &AptSource,
    suite: &Suite,
    release: &Release,
    access: &Access,
) -> Result<(), Error> {
    let (name, archive) = (suite.name.clone(), suite.archive.clone());
    let expired = release.valid_until.and_then(|until| access.now.checked_sub(until));
    if let Some(seconds) = expired.filter(|_| source.valid_until == ValidUntil::Checked) {
        return Err(Error::Expired { suite: name, archive, seconds });
    }
    match release.date.checked_sub(access.now).filter(|seconds| *seconds > AHEAD) {
        Some(seconds) => Err(Error::NotYetValid { suite: name, archive, seconds }),
        None => Ok(()),
    }
}
