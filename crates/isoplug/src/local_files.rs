//! Looks for the files of this machine that a manifest names, and draws those that are missing.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use isoplug_manifest::options::{InstallHooks, Options};
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
    // One that is not in the store is fetched by whoever needs it.
    let local = named(system).into_iter().filter(|named| !named.path.starts_with(DOWNLOAD));
    let list: Vec<Diagnostic> = local
        .filter_map(|Named { path, origin, shape }| {
            let error = open(path, shape).err()?;
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

/// A file of this machine that a manifest names.
pub(crate) struct Named<'a> {
    pub(crate) path: &'a str,
    /// The place that names it.
    pub(crate) origin: Option<&'a Origin>,
    shape: Shape,
}

/// What may be at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A file alone.
    File,
    /// A script that is run as it is, so it says what runs it.
    Program,
    /// A file or a folder.
    Any,
}

/// Returns each path with the place that names it.
pub(crate) fn named(system: &System) -> Vec<Named<'_>> {
    let options = &system.options;
    let named = |shape| move |(path, origin)| Named { path, origin, shape };
    let files = options.files.iter().enumerate().filter_map(|(index, file)| {
        Some((file.source.as_deref()?, system.origin_at("files", index)))
    });
    let contents = options.iso.contents.iter().enumerate().filter_map(|(index, file)| {
        Some((file.source.as_deref()?, system.origin_at("iso.contents", index)))
    });
    let scripts = options.scripts.iter().filter_map(|(name, script)| {
        Some((script.source.as_deref()?, system.origin(&join(&["scripts", name, "source"]))))
    });
    let any = of_sources(system).chain(files).chain(contents).chain(of_templates(system));
    let any = any.chain(single(system)).map(named(Shape::Any));
    let files = scripts.map(named(Shape::File));
    any.chain(files).chain(of_hooks(system).map(named(Shape::Program))).collect()
}

/// Returns those that templates of installations add.
fn of_templates(system: &System) -> impl Iterator<Item = (&str, Option<&Origin>)> {
    system.options.install.templates.iter().enumerate().flat_map(move |(index, template)| {
        let origin = system.origin_at("install.templates", index);
        template.files.iter().map(move |file| (file.source.as_str(), origin))
    })
}

/// Returns the scripts that an installer runs.
fn of_hooks(system: &System) -> impl Iterator<Item = (&str, Option<&Origin>)> {
    let hooks = &system.options.install.hooks;
    let lists = [("install.hooks.before", &hooks.before), ("install.hooks.after", &hooks.after)];
    lists.into_iter().flat_map(move |(option, list)| {
        let origin = move |index| system.origin_at(option, index);
        list.iter().enumerate().map(move |(index, hook)| (hook.source.as_str(), origin(index)))
    })
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
    let InstallHooks { before, after } = &mut options.install.hooks;
    let hooks = before.iter_mut().chain(after).map(|hook| &mut hook.source);
    let templates = options.install.templates.iter_mut();
    let templates = templates.flat_map(|it| &mut it.files).map(|file| &mut file.source);
    let same = all.flatten().chain(hooks).chain(templates).filter(|path| *path == old);
    same.for_each(|path| path.clone_from(&new));
}

/// Opening a pipe would wait for who writes into it.
fn open(path: &str, shape: Shape) -> io::Result<()> {
    let found = fs::metadata(path)?;
    let wrong = |text| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    match shape {
        Shape::Any if !found.is_file() && !found.is_dir() => {
            return wrong("it is neither a file nor a folder");
        }
        Shape::File | Shape::Program if !found.is_file() => return wrong("it is not a file"),
        _ => {}
    }
    let (mut file, mut first) = (File::open(path)?, Vec::new());
    if shape == Shape::Program {
        Read::by_ref(&mut file).take(2).read_to_end(&mut first)?;
        if first != b"#!" {
            return wrong("it does not begin with `#!` and what runs it, such as `#!/bin/sh`");
        }
    }
    Ok(())
}

fn message(path: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {path}"),
        _ => format!("cannot read {path}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    /// Where the schema has a path of this machine; one more wants a line in `named` and in `rename`, unless what
    /// takes it looks for it.
    #[test]
    fn every_option_that_names_a_file_is_known() {
        insta::assert_snapshot!(named(), @r"
        additionalProperties 1
        file 1
        folder 1
        keyring 1
        options.boot.menu.background 1
        options.boot.menu.theme 1
        options.drivers.signing-certificate 1
        options.drivers.signing-key.file 1
        options.networking.wifi.NAME.eap.password.file 1
        options.networking.wifi.NAME.eap.private-key-password.file 1
        options.networking.wifi.NAME.psk.file 1
        options.packages.offline-key.file 1
        options.root.hashed-password-from.file 1
        options.scripts.NAME.source 1
        options.users.NAME.hashed-password-from.file 1
        path 2
        source 5
        ");
    }

    fn named() -> String {
        let mut found = BTreeMap::new();
        count(&isoplug_manifest::schema(), "", &mut found);
        let found: Vec<_> = found.iter().map(|(key, times)| format!("{key} {times}")).collect();
        found.join("\n")
    }

    fn count(schema: &serde_json::Value, key: &str, found: &mut BTreeMap<String, usize>) {
        match schema {
            serde_json::Value::Object(table) => {
                if table.get("format").is_some_and(|format| format == "local-path") {
                    *found.entry(key.to_owned()).or_default() += 1;
                }
                table.iter().for_each(|(name, part)| count(part, name, found));
            }
            serde_json::Value::Array(items) => {
                items.iter().for_each(|item| count(item, key, found))
            }
            _ => {}
        }
    }
}
