//! Puts in place of `download:NAME/PATH`, wherever an option names a file of this machine, the path of the file in the
//! store: fetches what the manifest pins, and unpacks archives.

mod unpack;

use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_manifest::{DOWNLOAD, Diagnostic, Diagnostics, Download, Origin, System};

use crate::downloads::Downloads;
use crate::failure::Failure;
use crate::local_files;
use crate::session::Session;

/// Where downloads are kept, and what archives unpacked to.
const FOLDER: &str = "downloads";

/// Fetches what the options of a system name. A run that only looks takes what is there, and leaves the rest.
pub(crate) fn bring(system: &mut System, session: &Session) -> Result<(), Failure> {
    let named = named(system);
    // Whoever only looks at a manifest needs no store, unless it names a download.
    let Some(downloads) = (!named.is_empty()).then(|| Downloads::new(FOLDER, session)) else {
        return Ok(());
    };
    let mut list = Vec::new();
    for (path, origin) in named {
        match place(&path, system, &downloads, session) {
            Ok(Some(found)) => local_files::rename(&mut system.options, &path, &found),
            Ok(None) => {}
            Err(wrong) => list.push(origin.iter().fold(wrong, |wrong, at| wrong.at(at, ""))),
        }
    }
    match list.is_empty() {
        true => Ok(()),
        false => Err(Failure::manifest(Diagnostics { list, texts: system.texts.clone() })),
    }
}

/// Returns the paths of downloads that options name, with their places.
fn named(system: &System) -> Vec<(String, Option<Origin>)> {
    let named = local_files::named(system).into_iter();
    let named = named.filter(|(path, _)| path.starts_with(DOWNLOAD));
    named.map(|(path, origin)| (path.to_owned(), origin.cloned())).collect()
}

fn wrong(message: String) -> Diagnostic {
    Diagnostic::error("no-download", message)
}

/// Returns where the path of a download leads; `None` if it is not there and this run only looks.
fn place(
    path: &str,
    system: &System,
    downloads: &Downloads,
    session: &Session,
) -> Result<Option<PathBuf>, Diagnostic> {
    let (name, inside) = parts(path)?;
    let download = known(name, system)?;
    let digest = Digest::from_hex(&download.sha256);
    let digest = digest.map_err(|error| wrong(format!("the download `{name}`: {error}")))?;
    let file = match (downloads.kept(digest), session.only_looks()) {
        (Some(file), _) => file,
        (None, Some(_)) => return Ok(None),
        (None, None) => fetch(name, download, digest, downloads, session).map_err(wrong)?,
    };
    inside.map_or(Ok(file.clone()), |inside| find(name, &file, inside)).map(Some)
}

/// Returns where a file or folder of an archive is.
fn find(name: &str, archive: &Path, inside: &str) -> Result<PathBuf, Diagnostic> {
    let folder = unpacked(archive).map_err(|why| {
        wrong(format!("cannot unpack the download `{name}`: {why}"))
            .help("an archive is a tar, alone or compressed with gzip, xz or zstd")
    })?;
    let found = folder.join(inside);
    match found.exists() {
        true => Ok(found),
        false => {
            let message = format!("the download `{name}` has no {inside}");
            Err(wrong(message).help(unpack::begins_with(&folder)))
        }
    }
}

/// Returns the name of a download and the path in it, if there is one.
fn parts(path: &str) -> Result<(&str, Option<&str>), Diagnostic> {
    let rest = path.strip_prefix(DOWNLOAD).unwrap_or(path);
    let (name, inside) = match rest.split_once('/') {
        Some((name, inside)) => {
            (name, Some(inside.trim_end_matches('/')).filter(|it| !it.is_empty()))
        }
        None => (rest, None),
    };
    if inside.is_some_and(|inside| inside.split('/').any(|part| ["", ".", ".."].contains(&part))) {
        let message = format!("invalid path in a download: \"{path}\"");
        return Err(Diagnostic::error("no-download", message).help("it has no `.`, `..` or `//`"));
    }
    Ok((name, inside))
}

fn known<'s>(name: &str, system: &'s System) -> Result<&'s Download, Diagnostic> {
    system.downloads.get(name).ok_or_else(|| {
        let known: Vec<&str> = system.downloads.keys().map(String::as_str).collect();
        let error = Diagnostic::error("no-download", format!("there is no download `{name}`"));
        error.help(match known.is_empty() {
            true => format!("add one: [downloads.{name}]  url = \"https://…\"  sha256 = \"…\""),
            false => format!("downloads: {}", known.join(", ")),
        })
    })
}

fn fetch(
    name: &str,
    download: &Download,
    digest: Digest,
    downloads: &Downloads,
    session: &Session,
) -> Result<PathBuf, String> {
    session.note(&format!("downloading {name}: {}", download.url));
    downloads.get(&download.url, digest).map_err(|why| format!("cannot fetch `{name}`: {why}"))
}

/// Returns the folder of what an archive unpacked to, after it was if it was not yet.
fn unpacked(file: &Path) -> Result<PathBuf, unpack::Error> {
    let folder = file.with_extension("d");
    if !folder.is_dir() {
        unpack::unpack(file, &folder)?;
    }
    Ok(folder)
}
