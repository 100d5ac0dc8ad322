//! Fetches the `Packages` indices that a Release names, or takes them from the cache.

use std::io::Read;

use isoplug_engine::Digest;
use isoplug_formats::apt::Release;
use isoplug_formats::apt::foreign;
use isoplug_formats::apt::release::IndexFile;
use isoplug_formats::deb::compression::{Compression, decoder};

use super::{AptSource, Error, Suite, cache};
use crate::{Access, Index};
use isoplug_fetch::Expected;

/// Where the cache keeps them.
const KIND: &str = "packages";
/// Compressed forms by preference: the smallest first.
const FORMS: [&str; 6] = [".xz", ".lzma", ".zst", ".bz2", ".gz", ""];
/// The most bytes of an index; that of all of Debian has 60 MB.
const LIMIT: u64 = 512 << 20;
/// The most packages of an index; that of all of Debian has 70 000.
const MOST: usize = 500_000;

/// Loads the indices of all components for the architecture.
pub(super) fn load(
    source: &AptSource,
    suite: &Suite,
    release: &Release,
    access: &Access,
) -> Result<Vec<Index>, Error> {
    let index = |text| Index {
        source: source.name.clone(),
        archive: suite.archive.clone(),
        suite: suite.name.clone(),
        distribution: source.distribution.is_some(),
        pin: pin(suite, release),
        text: foreign::qualified(text, &access.foreign),
    };
    let paths = match suite.is_flat() {
        true => flat_path(suite, release)?,
        false => {
            let all = suite.components.iter();
            let all = all.map(|one| paths(suite, release, one, access));
            all.collect::<Result<Vec<_>, _>>()?.concat()
        }
    };
    paths
        .iter()
        .map(|path| Ok(index(counted(suite, path, text(suite, release, path, access)?)?)))
        .collect()
}

/// What is not automatic is only chosen when it is asked for, whatever the source's priority.
fn pin(suite: &Suite, release: &Release) -> i32 {
    match (release.not_automatic, release.automatic_upgrades) {
        (true, true) => suite.pin.min(100),
        (true, false) => suite.pin.min(1),
        (false, _) => suite.pin,
    }
}

/// Returns the one index of a flat repository.
fn flat_path(suite: &Suite, release: &Release) -> Result<Vec<String>, Error> {
    match is_listed(release, "Packages") {
        true => Ok(vec!["Packages".to_owned()]),
        false => Err(Error::NoIndex { suite: suite.name.clone() }),
    }
}

/// Tells whether a Release names an index in any form.
pub(super) fn is_listed(release: &Release, path: &str) -> bool {
    FORMS.iter().any(|form| release.files.contains_key(&format!("{path}{form}")))
}

/// Returns the indices that hold the architecture's packages: its own, and that of packages for all
/// architectures if the archive keeps them apart; and those of other architectures that it has.
fn paths(
    suite: &Suite,
    release: &Release,
    component: &str,
    access: &Access,
) -> Result<Vec<String>, Error> {
    let architecture = &*access.architecture;
    let path = |architecture: &str| format!("{component}/binary-{architecture}/Packages");
    let mut wanted = vec![path(architecture)];
    if release.all_apart {
        wanted.push(path("all"));
    }
    wanted.retain(|path| is_listed(release, path));
    if !wanted.is_empty() {
        let foreign = access.foreign.iter().map(|architecture| path(architecture));
        wanted.extend(foreign.filter(|path| is_listed(release, path)));
        return Ok(wanted);
    }
    Err(absent(suite, release, component, architecture))
}

/// Says what an archive lacks: the component, the architecture, or only the hashes of its index.
fn absent(suite: &Suite, release: &Release, component: &str, architecture: &str) -> Error {
    let (name, components) = (suite.name.clone(), release.components.clone());
    let has = |known: &[String], one: &str| known.iter().any(|known| known == one);
    if !has(&components, component) {
        let component = component.to_owned();
        return Error::UnknownComponent { suite: name, component, known: components };
    }
    let (architecture, known) = (architecture.to_owned(), release.architectures.clone());
    match has(&known, &architecture) {
        true => Error::NoIndex { suite: name },
        false => Error::UnknownArchitecture { suite: name, architecture, known },
    }
}

/// Returns the text of an index that a Release names, from the cache or fetched.
pub(super) fn text(
    suite: &Suite,
    release: &Release,
    path: &str,
    access: &Access,
) -> Result<String, Error> {
    let plain = release.files.get(path);
    if let Some(plain) = plain
        && let Some(bytes) = cache::read(&access.cache, KIND, &plain.sha256, plain.size)?
    {
        return Ok(into_text(bytes));
    }
    let kept = kept(release, path, access)?;
    let (form, packed) = kept.map_or_else(|| fetch_first(suite, release, path, access), Ok)?;
    let bytes = unpack(suite, path, form, &packed, plain.map_or(LIMIT, |plain| plain.size))?;
    let found = Digest::of(&bytes).hex();
    if let Some(expected) = plain.map(|plain| plain.sha256.clone()).filter(|it| *it != found) {
        let (suite, path) = (suite.name.clone(), path.to_owned());
        return Err(Error::WrongIndex { suite, path, expected, found });
    }
    // What the Release does not name could not be found again by its digest.
    let (digest, found) = match plain {
        Some(_) => (found, &bytes),
        None => (Digest::of(&packed).hex(), &packed),
    };
    cache::write(&access.cache, KIND, &digest, found)?;
    Ok(into_text(bytes))
}

/// Returns a packed form that was kept, of an index whose plain form the Release does not name.
fn kept(
    release: &Release,
    path: &str,
    access: &Access,
) -> Result<Option<(&'static str, Vec<u8>)>, Error> {
    for form in FORMS {
        let Some(file) = release.files.get(&format!("{path}{form}")) else { continue };
        if let Some(packed) = cache::read(&access.cache, KIND, &file.sha256, file.size)? {
            return Ok(Some((form, packed)));
        }
    }
    Ok(None)
}

/// Every package costs memory beside its text, so an index has no more than any archive needs.
fn counted(suite: &Suite, path: &str, text: String) -> Result<String, Error> {
    match text.matches("\n\n").count() {
        count if count > MOST => {
            let (suite, path) = (suite.name.clone(), path.to_owned());
            Err(Error::TooMany { suite, path, most: MOST })
        }
        _ => Ok(text),
    }
}

/// Fetches the first form that the Release names and a mirror has: some archives name what they do not
/// keep.
fn fetch_first(
    suite: &Suite,
    release: &Release,
    path: &str,
    access: &Access,
) -> Result<(&'static str, Vec<u8>), Error> {
    let mut absent = Error::NoIndex { suite: suite.name.clone() };
    for form in FORMS {
        let packed = format!("{path}{form}");
        let Some(file) = release.files.get(&packed) else { continue };
        if file.size > LIMIT {
            return Err(too_large(suite, path, file.size));
        }
        match fetch(suite, release, &packed, file, access) {
            Err(error) if error.is_absent() => absent = error,
            done => return done.map(|bytes| (form, bytes)),
        }
    }
    Err(absent)
}

/// By hash first: that name never means another file, even while the mirror is being updated.
fn fetch(
    suite: &Suite,
    release: &Release,
    path: &str,
    file: &IndexFile,
    access: &Access,
) -> Result<Vec<u8>, Error> {
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let by_hash = suite.path(&format!("{folder}by-hash/SHA256/{}", file.sha256));
    let digest = Digest::from_hex(&file.sha256).ok();
    let expected = Expected { digest, size: Some(file.size), limit: 0 };
    if release.by_hash {
        match access.fetch(&suite.mirrors, &by_hash, &expected) {
            Err(error) if error.is_absent() => {}
            done => return done,
        }
    }
    access.fetch(&suite.mirrors, &suite.path(path), &expected)
}

/// Decompresses no more than the Release states, and never more than any archive has.
fn unpack(
    suite: &Suite,
    path: &str,
    form: &str,
    packed: &[u8],
    most: u64,
) -> Result<Vec<u8>, Error> {
    if most > LIMIT {
        return Err(too_large(suite, path, most));
    }
    let compression = Compression::from_extension(form).unwrap_or(Compression::None);
    let mut bytes = Vec::new();
    let read = decoder(compression, packed)
        .and_then(|text| text.take(most.saturating_add(1)).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 > most => {
            Err(Error::TooLong { suite: suite.name.clone(), path: path.to_owned(), most })
        }
        Ok(_) => Ok(bytes),
        Err(source) => {
            Err(Error::Damaged { suite: suite.name.clone(), path: path.to_owned(), source })
        }
    }
}

fn too_large(suite: &Suite, path: &str, size: u64) -> Error {
    Error::TooLarge { suite: suite.name.clone(), path: path.to_owned(), size, most: LIMIT }
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned())
}
