//! A host in memory, for tests that run a plugin's logic natively.
//!
//! Shows what a test lays out and keeps what the plugin adds. Grants are not its business.

use std::cell::RefCell;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::types::{AccessError, Diagnostic};
use crate::json::{self, Value};

/// What a test lays out, and what the plugin said.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) options: String,
    pub(crate) facts: BTreeMap<String, Value>,
    pub(crate) inputs: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    pub(crate) secrets: BTreeMap<String, Vec<u8>>,
    pub(crate) downloads: BTreeMap<String, Vec<u8>>,
    pub(crate) rootfs: Option<BTreeMap<String, (rootfs::Entry, Vec<u8>)>>,
    pub(crate) log: Vec<String>,
    pub(crate) reports: Vec<Diagnostic>,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

/// Runs a call in a world and returns both.
pub(crate) fn within<T>(world: World, call: impl FnOnce() -> T) -> (T, World) {
    WORLD.set(world);
    let answer = call();
    (answer, WORLD.take())
}

fn with<T>(look: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(look)
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    Sha256::digest(parts.concat()).to_vec()
}

pub(crate) mod blobs {
    use super::*;

    pub(crate) struct Blob {
        pub(crate) bytes: Vec<u8>,
        pub(crate) is_secret: bool,
    }

    impl Blob {
        pub(crate) fn size(&self) -> u64 {
            self.bytes.len() as u64
        }

        pub(crate) fn digest(&self) -> String {
            let hex: String =
                sha256(&[&self.bytes]).iter().map(|byte| format!("{byte:02x}")).collect();
            format!("sha256:{hex}")
        }

        pub(crate) fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, AccessError> {
            if self.is_secret {
                return Err(AccessError::Denied("read = true".to_owned()));
            }
            let start = (offset as usize).min(self.bytes.len());
            let end = (start + length as usize).min(self.bytes.len());
            Ok(self.bytes[start..end].to_vec())
        }
    }

    pub(crate) struct Writer(RefCell<Vec<u8>>);

    impl Writer {
        pub(crate) fn new() -> Self {
            Self(RefCell::default())
        }

        pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), String> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(())
        }
    }

    pub(crate) fn finish(writer: Writer) -> Result<Blob, String> {
        from_bytes(&writer.0.into_inner())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Blob, String> {
        Ok(Blob { bytes: bytes.to_vec(), is_secret: false })
    }

    pub(crate) fn from_string(text: &str) -> Result<Blob, String> {
        from_bytes(text.as_bytes())
    }
}

pub(crate) mod context {
    pub(crate) use crate::bindings::contributor::isoplug::plugin::context::{InputEntry, Level};

    use super::blobs::Blob;
    use super::*;

    pub(crate) fn log(level: Level, message: &str) {
        let _ = level;
        with(|world| world.log.push(message.to_owned()));
    }

    pub(crate) fn report(diagnostic: &Diagnostic) {
        with(|world| world.reports.push(diagnostic.clone()));
    }

    pub(crate) fn options() -> String {
        with(|world| world.options.clone())
    }

    pub(crate) fn fact(path: &str) -> Result<Option<String>, AccessError> {
        Ok(with(|world| world.facts.get(path).map(Value::to_string)))
    }

    pub(crate) fn seed(label: &str, length: u32) -> Vec<u8> {
        let pieces = (0u32..).flat_map(|piece| sha256(&[label.as_bytes(), &piece.to_le_bytes()]));
        pieces.take(length.min(4096) as usize).collect()
    }

    pub(crate) fn list_input(name: &str) -> Result<Vec<InputEntry>, AccessError> {
        with(|world| {
            let files = world.inputs.get(name).ok_or(AccessError::NotFound)?;
            let entry = |(path, bytes): (&String, &Vec<u8>)| InputEntry {
                path: path.clone(),
                is_folder: false,
                executable: false,
                size: bytes.len() as u64,
            };
            Ok(files.iter().map(entry).collect())
        })
    }

    pub(crate) fn open_input(name: &str, path: &str) -> Result<Blob, AccessError> {
        let bytes = with(|world| world.inputs.get(name)?.get(path).cloned());
        blob(bytes, false)
    }

    pub(crate) fn fetch(url: &str, _sha256: &str) -> Result<Blob, AccessError> {
        blob(with(|world| world.downloads.get(url).cloned()), false)
    }

    pub(crate) fn secret(name: &str) -> Result<Blob, AccessError> {
        blob(with(|world| world.secrets.get(name).cloned()), true)
    }

    fn blob(bytes: Option<Vec<u8>>, is_secret: bool) -> Result<Blob, AccessError> {
        bytes.map(|bytes| Blob { bytes, is_secret }).ok_or(AccessError::NotFound)
    }
}

pub(crate) mod rootfs {
    pub(crate) use crate::bindings::contributor::isoplug::plugin::rootfs::{Entry, Kind};

    use super::blobs::Blob;
    use super::*;

    fn at<T>(
        path: &str,
        look: impl FnOnce(&(Entry, Vec<u8>)) -> Option<T>,
    ) -> Result<T, AccessError> {
        with(|world| {
            let rootfs = world.rootfs.as_ref();
            let rootfs =
                rootfs.ok_or_else(|| AccessError::Failed("there is no rootfs yet".to_owned()))?;
            rootfs.get(path).and_then(look).ok_or(AccessError::NotFound)
        })
    }

    pub(crate) fn look(path: &str) -> Result<Entry, AccessError> {
        at(path, |(entry, _)| Some(entry.clone()))
    }

    pub(crate) fn names(path: &str) -> Result<Vec<String>, AccessError> {
        if path != "/" {
            at(path, |(entry, _)| (entry.kind == Kind::Folder).then_some(()))?;
        }
        let folder = format!("{}/", path.trim_end_matches('/'));
        let name = |path: &String| {
            let name = path.strip_prefix(&folder)?;
            (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
        };
        Ok(with(|world| world.rootfs.iter().flat_map(BTreeMap::keys).filter_map(name).collect()))
    }

    pub(crate) fn open(path: &str) -> Result<Blob, AccessError> {
        let bytes = at(path, |(entry, bytes)| (entry.kind == Kind::File).then(|| bytes.clone()))?;
        Ok(Blob { bytes, is_secret: false })
    }
}

pub(crate) mod contribution {
    pub(crate) use crate::bindings::contributor::isoplug::plugin::contribution::Attributes;

    use super::super::types::Strength;
    use super::blobs::Blob;
    use super::*;

    /// What one call added.
    pub(crate) enum Added {
        Word(&'static str, String),
        Fragment(Value, Strength),
        File(String, Vec<u8>, Attributes),
        Folder(String, Attributes),
        Symlink(String, String),
        Removed(String),
        Hook(String, Vec<u8>),
    }

    pub(crate) struct Module {
        pub(crate) name: String,
        pub(crate) added: RefCell<Vec<Added>>,
    }

    impl Module {
        pub(crate) fn new(name: &str) -> Self {
            Self { name: name.to_owned(), added: RefCell::default() }
        }

        fn add(&self, added: Added) {
            self.added.borrow_mut().push(added);
        }

        pub(crate) fn provides(&self, word: &str) {
            self.add(Added::Word("provides", word.to_owned()));
        }

        pub(crate) fn requires(&self, word: &str) {
            self.add(Added::Word("requires", word.to_owned()));
        }

        pub(crate) fn conflicts(&self, word: &str) {
            self.add(Added::Word("conflicts", word.to_owned()));
        }

        pub(crate) fn after(&self, word: &str) {
            self.add(Added::Word("after", word.to_owned()));
        }

        pub(crate) fn before(&self, word: &str) {
            self.add(Added::Word("before", word.to_owned()));
        }

        pub(crate) fn merge(&self, fragment: &str, strength: Strength) -> Result<(), String> {
            let fragment = json::parse(fragment).ok_or("the fragment is no JSON")?;
            self.add(Added::Fragment(fragment, strength));
            Ok(())
        }

        pub(crate) fn file(
            &self,
            tree: &str,
            path: &str,
            content: &Blob,
            attributes: Attributes,
        ) -> Result<(), String> {
            let at = place(tree, path)?;
            self.add(Added::File(at, content.bytes.clone(), attributes));
            Ok(())
        }

        pub(crate) fn folder(
            &self,
            tree: &str,
            path: &str,
            attributes: Attributes,
        ) -> Result<(), String> {
            self.add(Added::Folder(place(tree, path)?, attributes));
            Ok(())
        }

        pub(crate) fn symlink(&self, tree: &str, path: &str, target: &str) -> Result<(), String> {
            self.add(Added::Symlink(place(tree, path)?, target.to_owned()));
            Ok(())
        }

        pub(crate) fn remove(&self, tree: &str, path: &str) -> Result<(), String> {
            self.add(Added::Removed(place(tree, path)?));
            Ok(())
        }

        pub(crate) fn hook(&self, name: &str, script: &Blob) -> Result<(), String> {
            self.add(Added::Hook(name.to_owned(), script.bytes.clone()));
            Ok(())
        }
    }

    /// Refuses the paths that the real host refuses.
    fn place(tree: &str, path: &str) -> Result<String, String> {
        let parts_are_good = || path[1..].split('/').all(|it| !["", ".", ".."].contains(&it));
        if !path.starts_with('/') || path.contains('\0') || !parts_are_good() {
            return Err(format!("{path}: not an absolute, plain path"));
        }
        Ok(format!("{tree}:{path}"))
    }
}
