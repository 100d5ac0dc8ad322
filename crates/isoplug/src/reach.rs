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

use crate::read::{read_bytes, read_text};

/// Keys of a manifest whose values name files of this machine, beside the typed ones of grants; a test compares
/// them with the schema.
const NAMES_OF_FILES: [&str; 4] = ["file", "include", "keyring", "source"];

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
                for path in texts(value) {
                    self.named(file, path, key == "include");
                }
            }
            match value {
                toml::Value::Table(table) if key != "config" => self.table(file, table),
                toml::Value::Array(items) => {
                    items
                        .iter()
                        .filter_map(toml::Value::as_table)
                        .for_each(|item| self.table(file, item));
                }
                _ => {}
            }
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
        let mut add = |words: String| {
            let identity = format!("{words} [{who}]");
            self.reaches.insert(Reach { words, identity });
        };
        for url in &grants.fetch {
            add(format!("download {url} for plugin {name}"));
        }
        let variables = grants.secrets.values().filter_map(|secret| secret.env.as_ref());
        for variable in variables {
            add(format!("read the environment variable {variable} for plugin {name}"));
        }
        let secrets = grants.secrets.values().filter_map(|secret| secret.file.as_ref());
        for path in grants.inputs.values().chain(secrets) {
            let real = real(&beside(manifest, path));
            if !real.starts_with(&self.root) {
                let words = format!("read {} for plugin {name}", real.display());
                let identity = format!("{words} [{who}]");
                self.reaches.insert(Reach { words, identity });
            }
        }
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
mod tests {
    use super::*;

    fn of(folder: &Path, text: &str) -> Vec<String> {
        let name = folder.join("isoplug.toml").display().to_string();
        let table: toml::Table = toml::from_str(text).unwrap();
        let part =
            |name: &str| table.get(name).cloned().unwrap_or(toml::Value::Table(toml::Table::new()));
        let asked = reaches(&Folder {
            path: folder,
            manifest: (&name, text),
            plugins: &part("plugins").try_into().unwrap(),
            grants: &part("grants").try_into().unwrap(),
            files: vec![folder.join("isoplug.lock")],
        });
        let inside = folder.canonicalize().unwrap().display().to_string();
        asked.into_iter().map(|reach| reach.words.replace(&inside, "DIR")).collect()
    }

    #[test]
    fn what_lies_in_the_folder_is_no_reach() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("modules")).unwrap();
        fs::write(folder.path().join("modules/a.toml"), "include = ['../b.toml', 'c.toml']")
            .unwrap();
        let text = "[profiles.a]\ninclude = ['modules/a.toml']\nfiles = [{ target = '/x', source = 'sub/../x' }]\n\
            [grants.p]\nfiles = ['root:/**']\ninputs = { a = 'a' }\nhooks = true\n\
            [plugins]\np = { path = '/usr/lib/p.wasm' }";
        assert_eq!(of(folder.path(), text), [""; 0]);
    }

    #[test]
    fn everything_beyond_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("modules")).unwrap();
        fs::write(at("modules/a.toml"), "include = ['../../../etc/hostname-of-nobody']").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", at("link")).unwrap();
        std::os::unix::fs::symlink("/etc/shadow", at("isoplug.lock")).unwrap();
        let text = "[profiles.a]\ninclude = { force = ['modules/a.toml'] }\n\
            [[profiles.a.files]]\ntarget = '/x'\nsource = { force = 'link' }\n\
            [[profiles.a.when.arch.amd64.iso.contents]]\ntarget = '/x'\nsource = '/etc/group'\n\
            [[profiles.a.packages.debconf]]\nquestion = 'q'\nenv = 'ANSWER'\n\
            [profiles.a.networking.wifi]\nhome = { psk = { env = 'WIFI' } }\n\
            work = { psk.force = { file = '/etc/fstab' } }\n\
            [profiles.a.plugins.p.config]\nenv = 'NONE'\nfile = '/etc/services'\n\
            [sources.x]\nkeyring = '~/x'\n[sources.y]\nkeyring = '/etc/hosts'\n\
            [plugins]\np = { registry = 'r.example.com/p' }\n\
            [grants.p]\nfetch = ['https://a.example.com/**']\ninputs = { home = '/root' }\n\
            secrets = { a = { env = 'TOKEN' }, b = { file = '/etc/machine-id' }, c = { file = 'c' } }";
        let found = of(folder.path(), text);
        let outside = real(&at("modules/../../../etc/hostname-of-nobody")).display().to_string();
        let mut expected = vec![
            "download https://a.example.com/** for plugin p".to_owned(),
            "read /etc/fstab".to_owned(),
            "read /etc/group".to_owned(),
            "read /etc/hosts".to_owned(),
            "read /etc/machine-id for plugin p".to_owned(),
            "read /etc/passwd".to_owned(),
            "read /etc/shadow".to_owned(),
            "read /root for plugin p".to_owned(),
            format!("read {outside}"),
            "read the environment variable ANSWER".to_owned(),
            "read the environment variable TOKEN for plugin p".to_owned(),
            "read the environment variable WIFI".to_owned(),
        ];
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn another_plugin_in_its_place_is_another_reach() {
        let folder = tempfile::tempdir().unwrap();
        let grants = BTreeMap::from([(
            "p".to_owned(),
            Grants { fetch: vec!["https://a/**".into()], ..Grants::default() },
        )]);
        let source = PluginSource { path: Some("p.wasm".to_owned()), ..PluginSource::default() };
        let plugins = BTreeMap::from([("p".to_owned(), source)]);
        let name = folder.path().join("isoplug.toml").display().to_string();
        let asked = || {
            let manifest = (name.as_str(), "");
            reaches(&Folder {
                path: folder.path(),
                manifest,
                plugins: &plugins,
                grants: &grants,
                files: Vec::new(),
            })
        };
        fs::write(folder.path().join("p.wasm"), "one").unwrap();
        let first = asked();
        assert_eq!(first, asked());
        fs::write(folder.path().join("p.wasm"), "two").unwrap();
        assert_ne!(first, asked());
    }

    #[test]
    fn every_key_that_names_a_file_is_known() {
        let mut keys = BTreeSet::new();
        keys_of_files(&isoplug_manifest::schema(), "", &mut keys);
        // Those of plugins and grants are typed.
        let typed = ["path", "inputs"];
        // Where the schema has an option by its whole path, its key is the last part of it.
        let last = keys.iter().filter_map(|key| key.rsplit('.').next());
        let unknown: Vec<&str> = last.filter(|key| !typed.contains(key)).collect();
        let known: Vec<String> = NAMES_OF_FILES.iter().map(|key| (*key).to_owned()).collect();
        assert!(unknown.iter().all(|key| known.iter().any(|known| known == key)), "{unknown:?}");
        assert!(keys.contains("source") && keys.contains("inputs"), "{keys:?}");
    }

    fn keys_of_files(schema: &serde_json::Value, key: &str, keys: &mut BTreeSet<String>) {
        match schema {
            serde_json::Value::Object(table) => {
                if table.get("format").is_some_and(|format| format == "local-path") {
                    keys.insert(key.to_owned());
                }
                for (name, part) in table {
                    // What a schema says of a value is not a key of the manifest.
                    let word = ["additionalProperties", "items", "anyOf", "oneOf", "allOf"]
                        .contains(&name.as_str());
                    keys_of_files(part, if word { key } else { name }, keys);
                }
            }
            serde_json::Value::Array(items) => {
                items.iter().for_each(|item| keys_of_files(item, key, keys))
            }
            _ => {}
        }
    }
}
