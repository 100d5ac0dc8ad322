//! Puts in place of `download:NAME/PATH`, wherever an option names a file of this machine, the path of the file in the
//! store: fetches what the manifest pins, and unpacks archives.

pub(crate) mod unpack;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_fetch::without_password;
use isoplug_manifest::{DOWNLOAD, Diagnostic, Diagnostics, Download, Origin, System};

use crate::downloads::Downloads;
use crate::failure::Failure;
use crate::local_files;
use crate::session::Session;

/// Where downloads are kept, and what archives unpacked to.
const FOLDER: &str = "downloads";
/// Where the folder of a project may have them.
pub(crate) const VENDOR: &str = "vendor/downloads";

/// Fetches what the options of a system name. A run that only looks takes what is there, and leaves the rest.
pub(crate) fn bring(system: &mut System, project: &Path, session: &Session) -> Result<(), Failure> {
    let named = named(system);
    // Whoever only looks at a manifest needs no store, unless it names a download.
    if named.is_empty() {
        return Ok(());
    }
    let mut source = Source::new(project, session);
    let mut wrong = BTreeMap::new();
    for (path, origin) in named {
        // What failed is not tried again.
        if wrong.contains_key(name_of(&path)) {
            continue;
        }
        match source.place(&path, system) {
            Ok(Some(found)) => local_files::rename(&mut system.options, &path, &found),
            Ok(None) => {}
            Err(error) => drop(wrong.insert(name_of(&path).to_owned(), at(error, origin.as_ref()))),
        }
    }
    told(wrong.into_values().collect(), system)
}

/// Fails with what is wrong, if anything is.
fn told(list: Vec<Diagnostic>, system: &System) -> Result<(), Failure> {
    match list.is_empty() {
        true => Ok(()),
        false => Err(Failure::manifest(Diagnostics { list, texts: system.texts.clone() })),
    }
}

/// Returns the downloads of a project's manifest.
pub(crate) fn of_project(project: &Path, session: &Session) -> Downloads {
    Downloads::new(FOLDER, session).with_vendor(project.join(VENDOR))
}

fn at(wrong: Diagnostic, origin: Option<&Origin>) -> Diagnostic {
    match origin {
        Some(origin) => wrong.at(origin, ""),
        None => wrong,
    }
}

/// Returns the name of the download that a path begins with.
fn name_of(path: &str) -> &str {
    let rest = path.strip_prefix(DOWNLOAD).unwrap_or(path);
    rest.split_once('/').map_or(rest, |(name, _)| name)
}

/// Returns the paths of downloads that options name, with their places.
fn named(system: &System) -> Vec<(String, Option<Origin>)> {
    let named = local_files::named(system).into_iter();
    let named = named.filter(|named| named.path.starts_with(DOWNLOAD));
    named.map(|named| (named.path.to_owned(), named.origin.cloned())).collect()
}

fn wrong(message: String) -> Diagnostic {
    Diagnostic::error("no-download", message)
}

/// Where files come from.
struct Source<'s> {
    downloads: Downloads,
    session: &'s Session,
    /// Those that were looked for, by name: many paths may be of one, which is hashed once.
    found: BTreeMap<String, Option<PathBuf>>,
}

impl<'s> Source<'s> {
    fn new(project: &Path, session: &'s Session) -> Self {
        Self { downloads: of_project(project, session), session, found: BTreeMap::new() }
    }

    /// Returns where the path of a download leads; `None` if it is not there and this run only looks.
    fn place(&mut self, path: &str, system: &System) -> Result<Option<PathBuf>, Diagnostic> {
        let (name, inside) = (name_of(path), inside(path)?);
        let Some(file) = self.file(name, known(name, system)?)? else { return Ok(None) };
        inside.map_or(Ok(file.clone()), |inside| find(name, &file, inside)).map(Some)
    }

    fn file(&mut self, name: &str, download: &Download) -> Result<Option<PathBuf>, Diagnostic> {
        if let Some(found) = self.found.get(name) {
            return Ok(found.clone());
        }
        let digest = Digest::from_hex(&download.sha256);
        let digest = digest.map_err(|error| wrong(format!("the download `{name}`: {error}")))?;
        let file = match (self.downloads.kept(digest), self.session.only_looks()) {
            (Some(file), _) => Some(file),
            (None, Some(_)) => None,
            (None, None) => {
                Some(fetch(name, download, digest, &self.downloads, self.session).map_err(wrong)?)
            }
        };
        self.found.insert(name.to_owned(), file.clone());
        Ok(file)
    }
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

/// Returns the path in an archive, if a path has one.
fn inside(path: &str) -> Result<Option<&str>, Diagnostic> {
    let inside = path.split_once('/').map(|(_, inside)| inside.trim_end_matches('/'));
    let inside = inside.filter(|inside| !inside.is_empty());
    if inside.is_some_and(|inside| inside.split('/').any(|part| ["", ".", ".."].contains(&part))) {
        let message = format!("invalid path in a download: \"{path}\"");
        return Err(wrong(message).help("it has no `.`, `..` or `//`"));
    }
    Ok(inside)
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
    if session.offline().is_none() {
        session.note(&format!("downloading {name}: {}", without_password(&download.url)));
    }
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
