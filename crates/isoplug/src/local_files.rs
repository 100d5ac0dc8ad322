//! Looks for the files of this machine that a manifest names, and draws those that are missing.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use isoplug_manifest::options::Options;
use isoplug_manifest::path::join;
use isoplug_manifest::{DOWNLOAD, Diagnostic, Diagnostics, Origin, Severity, System};

use crate::failure::Failure;
use crate::{own_files, templates};

/// Fails with every file that cannot be read or that another stands in the way of, each on its
/// line; returns what is doubtful about them.
pub(crate) fn look(system: &System) -> Result<Diagnostics, Failure> {
    readable(system)?;
    let list: Vec<_> =
        own_files::check(system).into_iter().chain(templates::check(system)).collect();
    let is_wrong = list.iter().any(|each| each.severity == Severity::Error);
    let found = Diagnostics { list, texts: system.texts.clone() };
    if is_wrong { Err(Failure::manifest(found)) } else { Ok(found) }
}

fn readable(system: &System) -> Result<(), Failure> {
    let list: Vec<Diagnostic> = named(system)
        .into_iter()
        // One that is not in the store is fetched by whoever needs it.
        .filter(|(path, _)| !path.starts_with(DOWNLOAD))
        .filter_map(|(path, origin)| {
            let error = open(path).err()?;
            let diagnostic = Diagnostic::error("unreadable-file", message(path, &error));
            Some(match origin {
                Some(origin) => diagnostic.at(origin, ""),
                None => diagnostic,
            })
        })
        .collect();
    match list.is_empty() {
        true => Ok(()),
        false => Err(Failure::manifest(Diagnostics { list, texts: system.texts.clone() })),
    }
}

/// Returns each path with the place that names it.
pub(crate) fn named(system: &System) -> Vec<(&str, Option<&Origin>)> {
    let options = &system.options;
    let files = options.files.iter().enumerate().filter_map(|(index, file)| {
        Some((file.source.as_deref()?, system.origin_at("files", index)))
    });
    let contents = options.iso.contents.iter().enumerate().filter_map(|(index, file)| {
        Some((file.source.as_deref()?, system.origin_at("iso.contents", index)))
    });
    let scripts = options.scripts.iter().filter_map(|(name, script)| {
        Some((script.source.as_deref()?, system.origin(&join(&["scripts", name, "source"]))))
    });
    of_sources(system).chain(files).chain(contents).chain(scripts).chain(single(system)).collect()
}

/// Returns those that sources name.
fn of_sources(system: &System) -> impl Iterator<Item = (&str, Option<&Origin>)> {
    system.sources.iter().flat_map(move |(name, source)| {
        let named = [("keyring", &source.keyring), ("folder", &source.folder)];
        named.into_iter().filter_map(move |(key, path)| {
            let origin = system.manifest_origin(&format!("sources.{name}.{key}"));
            Some((path.as_deref()?, origin))
        })
    })
}

/// Returns those of options that name one file.
fn single(system: &System) -> impl Iterator<Item = (&str, Option<&Origin>)> {
    let options = &system.options;
    let single = [
        ("boot.menu.background", &options.boot.menu.background),
        ("boot.menu.theme", &options.boot.menu.theme),
        ("drivers.signing-certificate", &options.drivers.signing_certificate),
    ];
    let single = single.into_iter();
    single.filter_map(|(name, path)| Some((path.as_deref()?, system.origin(name))))
}

/// Says another path wherever an option names one.
pub(crate) fn rename(options: &mut Options, old: &str, new: &Path) {
    let new = new.display().to_string();
    let menu = &mut options.boot.menu;
    let single = [&mut menu.background, &mut menu.theme, &mut options.drivers.signing_certificate];
    let files = options.files.iter_mut().map(|file| &mut file.source);
    let contents = options.iso.contents.iter_mut().map(|file| &mut file.source);
    let scripts = options.scripts.values_mut().map(|script| &mut script.source);
    let all = files.chain(contents).chain(scripts).chain(single);
    let same = all.flatten().filter(|path| *path == old);
    same.for_each(|path| path.clone_from(&new));
}

/// Opening a pipe would wait for who writes into it.
fn open(path: &str) -> io::Result<()> {
    let found = fs::metadata(path)?;
    if !found.is_file() && !found.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is neither a file nor a folder",
        ));
    }
    File::open(path).map(drop)
}

fn message(path: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {path}"),
        _ => format!("cannot read {path}: {error}"),
    }
}
