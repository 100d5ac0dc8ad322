//! What a folder asks of this machine beyond an image of what lies in it, and whether somebody allowed it.
//!
//! A manifest may come from a stranger. By itself it makes an image of its own folder; files elsewhere, variables of
//! the environment and downloads by plugins need a yes that is kept outside the folder, each by what it is,
//! so that what a later version of the folder adds is asked for anew. Knows no plugin's component.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_manifest::plugin::{Grants, PluginSource};

use crate::project::MANIFEST;
use crate::read::{read_bytes, read_text};

/// Keys of a manifest whose values name files of this machine, beside the typed ones of grants; a test compares
/// them with the schema.
const NAMES_OF_FILES: [&str; 8] = [
    "background",
    "file",
    "folder",
    "include",
    "keyring",
    "signing-certificate",
    "source",
    "theme",
];

/// One thing beyond the folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reach {
    /// In plain words.
    pub(crate) words: String,
    /// What was allowed is known again by this: the words, and for a plugin which one it is.
    pub(crate) identity: String,
}

/// What is known of a folder before it is evaluated.
pub(crate) struct Folder<'a> {
    /// The folder, as it was typed.
    pub(crate) path: &'a Path,
    /// The manifest's path and text.
    pub(crate) manifest: (&'a str, &'a str),
    /// Its plugins, with paths as they are written.
    pub(crate) plugins: &'a BTreeMap<String, PluginSource>,
    /// What it grants them, with paths as they are written.
    pub(crate) grants: &'a BTreeMap<String, Grants>,
    /// Other files that are read of it.
    pub(crate) files: Vec<PathBuf>,
}

/// Returns what a folder asks for, each once, sorted.
pub(crate) fn reaches(folder: &Folder<'_>) -> BTreeSet<Reach> {
    let root = if folder.path.as_os_str().is_empty() { Path::new(".") } else { folder.path };
    let mut found = Found { root: real(root), seen: BTreeSet::new(), reaches: BTreeSet::new() };
    let (name, text) = folder.manifest;
    found.text(Path::new(name), text);
    for file in &folder.files {
        found.file(file, "");
    }
    for (plugin, grants) in folder.grants {
        found.grants(plugin, folder.plugins.get(plugin), grants, Path::new(name));
    }
    found.reaches
}

struct Found {
    root: PathBuf,
    seen: BTreeSet<PathBuf>,
    reaches: BTreeSet<Reach>,
}

impl Found {
    /// Looks through a manifest or what it includes. What cannot be parsed is told when it is evaluated, and
    /// then nothing of it is used.
    fn text(&mut self, file: &Path, text: &str) {
        if let Ok(mut table) = toml::from_str::<toml::Table>(text) {
            // Grants are typed, and the options of plugins name no file and no variable.
            table.retain(|key, _| key != "grants" && key != "config");
            for module in table.get("modules").and_then(|it| it.as_table()).into_iter().flatten() {
                let folder = module.1.get("path").and_then(|path| path.as_str());
                let folder = folder.filter(|folder| !self.file(&beside(file, folder), ""));
                if let Some(folder) = folder {
                    self.named(file, &format!("{folder}/{MANIFEST}"), true);
                }
            }
            self.table(file, &table);
        }
    }

    fn table(&mut self, file: &Path, table: &toml::Table) {
        for variable in table.get("env").into_iter().flat_map(texts) {
            let words = format!("read the environment variable {variable}");
            self.reaches.insert(Reach { identity: words.clone(), words });
        }
        for (key, value) in table {
            if NAMES_OF_FILES.contains(&key.as_str()) {
                texts(value).into_iter().for_each(|path| self.named(file, path, key == "include"));
            }
            let below = match value {
                toml::Value::Table(table) if key != "config" => vec![table],
                toml::Value::Array(items) => {
                    items.iter().filter_map(|item| item.as_table()).collect()
                }
                _ => Vec::new(),
            };
            below.into_iter().for_each(|table| self.table(file, table));
        }
    }

    /// A path that a file names, which is relative to it.
    fn named(&mut self, by: &Path, path: &str, is_include: bool) {
        let path = beside(by, path);
        if self.file(&path, "") || !is_include || !self.seen.insert(real(&path)) {
            return;
        }
        if let Ok(text) = read_text(&path) {
            self.text(&path, &text);
        }
    }

    /// Notes a file unless it is in the folder; says whether it noted it.
    fn file(&mut self, path: &Path, purpose: &str) -> bool {
        let real = real(path);
        let is_outside = !real.starts_with(&self.root);
        if is_outside {
            let words = format!("read {}{purpose}", real.display());
            self.reaches.insert(Reach { identity: words.clone(), words });
        }
        is_outside
    }

    fn grants(
        &mut self,
        name: &str,
        source: Option<&PluginSource>,
        grants: &Grants,
        manifest: &Path,
    ) {
        let who = which(source, manifest);
        let secrets = || grants.secrets.values();
        let fetched = grants.fetch.iter().map(|url| format!("download {url}"));
        let variables = secrets().filter_map(|secret| secret.env.as_ref());
        let variables = variables.map(|name| format!("read the environment variable {name}"));
        let files = grants.inputs.values().chain(secrets().filter_map(|it| it.file.as_ref()));
        let files = files.map(|path| real(&beside(manifest, path)));
        let outside = files.filter(|real| !real.starts_with(&self.root));
        let read = outside.map(|real| format!("read {}", real.display()));
        self.reaches.extend(fetched.chain(variables).chain(read).map(|what| {
            let words = format!("{what} for plugin {name}");
            Reach { identity: format!("{words} [{who}]"), words }
        }));
    }
}

/// Says which plugin it is: the repository that its publisher signs for, or the bytes of a file, which lie in the
/// folder's own hands.
fn which(source: Option<&PluginSource>, manifest: &Path) -> String {
    let Some(PluginSource { registry, path, .. }) = source else { return String::new() };
    match (registry, path) {
        (Some(registry), _) => registry.clone(),
        (None, Some(path)) => {
            let bytes = read_bytes(&beside(manifest, path)).ok();
            bytes.map_or_else(String::new, |bytes| Digest::of(&bytes).to_string())
        }
        (None, None) => String::new(),
    }
}

/// Returns the texts of a value, whatever tables of strength or lists they are in.
fn texts(value: &toml::Value) -> Vec<&str> {
    match value {
        toml::Value::String(text) => vec![text],
        toml::Value::Array(items) => items.iter().flat_map(texts).collect(),
        toml::Value::Table(table) => table.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}

/// Returns where a path leads, all links followed as far as there is something; the rest by its text.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let (parent, last) = (path.parent(), path.components().next_back());
    match (parent, last) {
        (Some(parent), Some(Component::Normal(name))) => {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            real(parent).join(name)
        }
        (Some(parent), Some(Component::ParentDir)) => {
            let parent = real(if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
            parent.parent().unwrap_or(Path::new("/")).to_owned()
        }
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests;
