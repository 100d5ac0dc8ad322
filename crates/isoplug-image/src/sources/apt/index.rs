//! Fetches the `Packages` indices that a Release names, or takes them from the cache.

use std::io::Read;

use isoplug_engine::Digest;
use isoplug_formats::apt::Release;
use isoplug_formats::apt::release::IndexFile;
use isoplug_formats::deb::compression::{Compression, decoder};

use super::{Error, Suite, cache};
use crate::sources::download::Expected;
use crate::sources::{Access, Index};

/// Where the cache keeps them.
const KIND: &str = "packages";
/// Compressed forms by preference: the smallest first.
const FORMS: [&str; 4] = [".xz", ".zst", ".gz", ""];

/// Loads the indices of all components for the architecture.
pub(super) fn load(suite: &Suite, release: &Release, access: &Access) -> Result<Vec<Index>, Error> {
    let mut indices = Vec::new();
    for component in &suite.components {
        for path in paths(suite, release, component, &access.architecture)? {
            let text = text(suite, release, &path, access)?;
            let (archive, name) = (suite.archive.clone(), suite.name.clone());
            indices.push(Index { archive, suite: name, pin: pin(suite, release), text });
        }
    }
    Ok(indices)
}

/// What is not automatic is only chosen when it is asked for, whatever the source's priority.
fn pin(suite: &Suite, release: &Release) -> i32 {
    match (release.not_automatic, release.automatic_upgrades) {
        (true, true) => suite.pin.min(100),
        (true, false) => suite.pin.min(1),
        (false, _) => suite.pin,
    }
}

/// Returns the indices that hold the architecture's packages: its own, and that of packages for all
/// architectures if the archive keeps them apart.
fn paths(
    suite: &Suite,
    release: &Release,
    component: &str,
    architecture: &str,
) -> Result<Vec<String>, Error> {
    let path = |architecture: &str| format!("{component}/binary-{architecture}/Packages");
    let listed = |path: &String| {
        FORMS.iter().any(|form| release.files.contains_key(&format!("{path}{form}")))
    };
    let mut wanted = vec![path(architecture)];
    if release.all_apart {
        wanted.push(path("all"));
    }
    wanted.retain(listed);
    if !wanted.is_empty() {
        return Ok(wanted);
    }
    let (suite, known) = (suite.name.clone(), release.components.clone());
    match known.iter().any(|known| known == component) {
        false => Err(Error::UnknownComponent { suite, component: component.to_owned(), known }),
        true => Err(Error::UnknownArchitecture {
            suite,
            architecture: architecture.to_owned(),
            known: release.architectures.clone(),
        }),
    }
}

fn text(suite: &Suite, release: &Release, path: &str, access: &Access) -> Result<String, Error> {
    let plain = release.files.get(path);
    if let Some(plain) = plain
        && let Some(bytes) = cache::read(&access.cache, KIND, &plain.sha256)?
    {
        return Ok(into_text(bytes));
    }
    let forms = FORMS.iter().map(|form| (*form, release.files.get(&format!("{path}{form}"))));
    let (form, file) = forms
        .filter_map(|(form, file)| Some((form, file?)))
        .next()
        .ok_or_else(|| Error::Offline { path: path.to_owned() })?;
    let packed = fetch(suite, release, &format!("{path}{form}"), file, access)?;
    let bytes = unpack(suite, path, form, &packed)?;
    let found = Digest::of(&bytes).hex();
    let expected = plain.map_or(&found, |plain| &plain.sha256);
    if *expected != found {
        let (suite, path, expected) = (suite.name.clone(), path.to_owned(), expected.clone());
        return Err(Error::WrongIndex { suite, path, expected, found });
    }
    cache::write(&access.cache, KIND, &found, &bytes)?;
    Ok(into_text(bytes))
}

/// By hash first: that name never means another file, even while the mirror is being updated.
fn fetch(
    suite: &Suite,
    release: &Release,
    path: &str,
    file: &IndexFile,
    access: &Access,
) -> Result<Vec<u8>, Error> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let by_hash = format!("dists/{}/{folder}/by-hash/SHA256/{}", suite.name, file.sha256);
    let by_name = format!("dists/{}/{path}", suite.name);
    let digest = Digest::from_hex(&file.sha256).ok();
    let expected = Expected { digest, size: Some(file.size), limit: 0 };
    if release.by_hash {
        match access.fetch(&suite.mirrors, &by_hash, &expected) {
            Err(Error::Download { source, .. }) if source.is_absent() => {}
            done => return done,
        }
    }
    access.fetch(&suite.mirrors, &by_name, &expected)
}

fn unpack(suite: &Suite, path: &str, form: &str, packed: &[u8]) -> Result<Vec<u8>, Error> {
    let compression = Compression::from_extension(form).unwrap_or(Compression::None);
    let mut bytes = Vec::new();
    let read = decoder(compression, packed).and_then(|mut text| text.read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(source) => {
            Err(Error::Damaged { suite: suite.name.clone(), path: path.to_owned(), source })
        }
    }
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned())
}
