//! Fetches and verifies the Release file of a suite: InRelease, or Release with Release.gpg.
//!
//! What the file says of itself is compared with what was asked for in [`identity`].

use isoplug_engine::Digest;
use isoplug_formats::apt::{Release, clearsign, release as release_format};
use isoplug_manifest::lock::LockedRelease;

use super::{AptSource, Error, Suite, ValidUntil, cache, identity};
use crate::Access;
use crate::keyring::{self, Verified, When};
use isoplug_fetch::Expected;

/// The most bytes that a Release file may have; Debian's have less than 1 MB.
const LIMIT: u64 = 32 << 20;
/// The most bytes of a detached signature.
const SIGNATURE_LIMIT: u64 = 1 << 20;
/// How far ahead of the clock a Release may be, in seconds: clocks differ.
const AHEAD: u64 = 86_400;
/// Where the cache keeps them.
const KIND: &str = "releases";

/// A Release file as it came.
enum Signed {
    /// Signed in the clear.
    Inside(Vec<u8>),
    /// With its signature in a file of its own.
    Beside { release: Vec<u8>, signature: Vec<u8> },
}

/// Fetches the newest Release of a suite and checks who signed it, when, and that it is the one that
/// was asked for and not older than the one that is locked.
pub(super) fn fetch(
    source: &AptSource,
    suite: &Suite,
    locked: Option<&LockedRelease>,
    access: &Access,
) -> Result<(LockedRelease, Release), Error> {
    let signed = download(source, suite, locked.is_some(), access)?;
    let (release, verified) = verify(source, suite, &signed, access)?;
    let date = release.date.unwrap_or(verified.made);
    check_time(source, suite, &release, date, access)?;
    identity::check_asked(source, suite, &release)?;
    let bytes = match &signed {
        Signed::Inside(bytes) | Signed::Beside { release: bytes, .. } => bytes,
    };
    let new = LockedRelease {
        suite: suite.name.clone(),
        archive: suite.archive.clone(),
        sha256: Digest::of(bytes).hex(),
        date,
        release_suite: release.suite.clone(),
        release_codename: release.codename.clone(),
        signers: verified.signers,
    };
    identity::check_locked(source, locked, &new, access.allow)?;
    cache::write(&access.cache, KIND, &new.sha256, bytes)?;
    Ok((new, release))
}

/// Returns a locked Release from the cache; it was verified before it was locked, whatever became of
/// its key since.
pub(super) fn recall(locked: &LockedRelease, access: &Access) -> Result<Option<Release>, Error> {
    let Some(bytes) = cache::read(&access.cache, KIND, &locked.sha256, LIMIT)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes);
    let signed = clearsign::split(&text).map(|signed| signed.text);
    Ok(Release::parse(&signed.unwrap_or_else(|_| text.into_owned())).ok())
}

fn download(
    source: &AptSource,
    suite: &Suite,
    locked: bool,
    access: &Access,
) -> Result<Signed, Error> {
    let get = |file: &str, limit| {
        let expected = Expected { limit, ..Expected::default() };
        access.fetch(&suite.mirrors, &suite.path(file), &expected)
    };
    let absent = match get("InRelease", LIMIT) {
        Ok(bytes) => return Ok(Signed::Inside(bytes)),
        Err(error) if error.is_absent() => error,
        Err(error) => return Err(named(source, error)),
    };
    let release = get("Release", LIMIT).map_err(|error| match error.is_absent() {
        true => unknown(source, suite, locked, absent),
        false => named(source, error),
    })?;
    let signature = get("Release.gpg", SIGNATURE_LIMIT);
    let signature = signature.map_err(|error| match error.is_absent() {
        true => unsigned(source, suite),
        false => named(source, error),
    })?;
    Ok(Signed::Beside { release, signature })
}

fn unsigned(source: &AptSource, suite: &Suite) -> Error {
    Error::Unsigned { source_name: source.name.clone(), suite: suite.name.clone() }
}

fn untrusted(source: &AptSource, suite: &Suite, error: keyring::Error) -> Error {
    Error::Untrusted {
        source_name: source.name.clone(),
        suite: suite.name.clone(),
        archive: suite.archive.clone(),
        source: error,
    }
}

fn malformed(suite: &Suite, bad: release_format::Malformed) -> Error {
    Error::Malformed { suite: suite.name.clone(), archive: suite.archive.clone(), source: bad }
}

fn named(source: &AptSource, error: Error) -> Error {
    match error {
        Error::Download { source: failure, .. } => {
            Error::Download { source_name: source.name.clone(), source: failure }
        }
        other => other,
    }
}

fn unknown(source: &AptSource, suite: &Suite, locked: bool, error: Error) -> Error {
    let tried = match error {
        Error::Download { source, .. } => source.urls(),
        _ => Vec::new(),
    };
    Error::UnknownSuite {
        source_name: source.name.clone(),
        suite: suite.name.clone(),
        tried,
        flat: suite.is_flat(),
        locked,
        snapshot: source.snapshot.clone(),
    }
}

/// Only the date is used before the signature is checked, to know which keys count.
fn when(source: &AptSource, release: &Release, access: &Access) -> When {
    When {
        dated: release.date.unwrap_or_default(),
        now: (source.valid_until == ValidUntil::Checked).then_some(access.now),
    }
}

fn verify(
    source: &AptSource,
    suite: &Suite,
    signed: &Signed,
    access: &Access,
) -> Result<(Release, Verified), Error> {
    let untrusted = |error| untrusted(source, suite, error);
    let malformed = |bad| malformed(suite, bad);
    match signed {
        Signed::Inside(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let split = clearsign::split(&text).map_err(|e| untrusted(keyring::Error::from(e)))?;
            let release = Release::parse(&split.text).map_err(malformed)?;
            let (signed, signature) = (split.text.replace('\n', "\r\n"), split.signature);
            let when = when(source, &release, access);
            let verified = source.keys.verify(signed.as_bytes(), signature.as_bytes(), when);
            Ok((release, verified.map_err(untrusted)?))
        }
        Signed::Beside { release: text, signature } => {
            let release = Release::parse(&String::from_utf8_lossy(text)).map_err(malformed)?;
            let verified = source.keys.verify(text, signature, when(source, &release, access));
            Ok((release, verified.map_err(untrusted)?))
        }
    }
}

fn check_time(
    source: &AptSource,
    suite: &Suite,
    release: &Release,
    date: u64,
    access: &Access,
) -> Result<(), Error> {
    let (name, archive) = (suite.name.clone(), suite.archive.clone());
    let expired = release.valid_until.and_then(|until| access.now.checked_sub(until));
    if let Some(seconds) = expired.filter(|_| source.valid_until == ValidUntil::Checked) {
        return Err(Error::Expired { suite: name, archive, seconds });
    }
    match date.checked_sub(access.now).filter(|seconds| *seconds > AHEAD) {
        Some(seconds) => Err(Error::NotYetValid { suite: name, archive, seconds }),
        None => Ok(()),
    }
}
