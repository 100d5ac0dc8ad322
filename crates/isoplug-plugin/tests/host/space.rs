//! A runtime in a folder of its own, and answers of a build that tests can change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use isoplug_engine::Digest;
use isoplug_formats::tree::sorted_names;
use isoplug_plugin::{
    Content, Contribution, Description, Error, Found, FoundKind, Grants, InputEntry, LogLine,
    Plugin, Rootfs, Runtime, SecretGrant, Surroundings, Unseen, input,
};
use serde_json::{Value as Json, json};

/// A runtime and a build.
pub(crate) struct Space {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) runtime: Runtime,
    pub(crate) answers: Answers,
}

/// A build, and how often it was asked.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) facts: BTreeMap<&'static str, Json>,
    pub(crate) files: BTreeMap<Digest, Vec<u8>>,
    pub(crate) seed: u8,
    pub(crate) log: Mutex<Vec<String>>,
}

impl Space {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new(&folder.path().join("plugins")).unwrap();
        let facts = BTreeMap::from([("image.name", json!("toy")), ("epoch", json!(1000))]);
        Self { folder, runtime, answers: Answers { facts, ..Answers::default() } }
    }

    /// Returns what the runtime keeps in one of its folders.
    pub(crate) fn kept(&self, folder: &str) -> Vec<PathBuf> {
        let folder = self.folder.path().join("plugins").join(folder);
        let names = sorted_names(&folder).unwrap();
        names.into_iter().map(|name| folder.join(name)).collect()
    }

    pub(crate) fn plugin(&self, bytes: &[u8], grants: Grants) -> Plugin {
        let component = self.runtime.component(bytes).unwrap();
        let description = self.runtime.describe(&component).unwrap();
        Plugin { name: "toy".to_owned(), component, description, options: json!({}), grants }
    }

    pub(crate) fn describe(&self, bytes: &[u8]) -> Result<Description, Error> {
        self.runtime.describe(&self.runtime.component(bytes)?)
    }

    pub(crate) fn contribute(&self, bytes: &[u8], grants: Grants) -> Result<Contribution, Error> {
        self.runtime.contribute(&self.plugin(bytes, grants), &self.answers)
    }

    /// Returns why a contribution was refused or failed.
    pub(crate) fn refusal(&self, bytes: &[u8], grants: Grants) -> String {
        match self.contribute(bytes, grants) {
            Ok(contribution) => match contribution.diagnostics.last() {
                Some(diagnostic) => format!("{}: {}", diagnostic.code, diagnostic.message),
                None => "fine".to_owned(),
            },
            Err(error) => error.to_string(),
        }
    }
}

impl Surroundings for Answers {
    fn fact(&self, path: &str) -> Option<Json> {
        self.facts.get(path).cloned()
    }

    fn all_facts(&self) -> Json {
        json!(self.facts)
    }

    fn list_input(&self, place: &str) -> Result<Vec<InputEntry>, Unseen> {
        input::list(Path::new(place))
    }

    fn open_input(&self, place: &str, path: &str) -> Result<Content, Unseen> {
        input::open(Path::new(place), path)
    }

    fn fetch(&self, _: &str, digest: Digest) -> Result<Content, Unseen> {
        let bytes = self.files.get(&digest).ok_or(Unseen::NotFound)?;
        Ok(Content::bytes(bytes.clone()))
    }

    fn secret(&self, secret: &SecretGrant) -> Result<Vec<u8>, Unseen> {
        let named = secret.env.as_deref() == Some("TOY_KEY");
        named.then(|| b"hunter22\n".to_vec()).ok_or(Unseen::NotFound)
    }

    fn seed(&self) -> Digest {
        Digest::of(&[self.seed])
    }

    fn log(&self, plugin: &str, line: &LogLine) {
        self.log.lock().unwrap().push(format!("{plugin}: {}", line.text));
    }
}

/// Files and links of a root filesystem; what has no text is a folder.
pub(crate) struct Files(pub(crate) BTreeMap<&'static str, &'static str>);

impl Rootfs for Files {
    fn look(&self, path: &str) -> Option<Found> {
        let text = self.0.get(path)?;
        let (kind, target) = match text.strip_prefix("-> ") {
            Some(target) => (FoundKind::Symlink, target.to_owned()),
            None if text.is_empty() => (FoundKind::Folder, String::new()),
            None => (FoundKind::File, String::new()),
        };
        let size = if kind == FoundKind::File { text.len() as u64 } else { 0 };
        Some(Found { kind, mode: 0o644, uid: 0, gid: 0, size, target })
    }

    fn names(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn open(&self, path: &str) -> Result<Option<Content>, Unseen> {
        Ok(self.0.get(path).map(|text| Content::bytes(text.as_bytes())))
    }
}

/// Grants files below `/etc`.
pub(crate) fn etc() -> Grants {
    Grants { files: vec!["root:/etc/**".to_owned()], ..Grants::default() }
}

/// Returns owned texts.
pub(crate) fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}
