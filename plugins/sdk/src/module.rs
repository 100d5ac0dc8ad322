//! Makes modules: values of options with an order, and files.

use crate::error::{Error, Result};
use crate::host::blobs::{self, Blob as HostBlob};
use crate::host::contribution;
use crate::host::types::Strength;
use crate::json::{self, ToJson};

/// A named part of what a plugin adds.
///
/// ```no_run
/// # use isoplug_sdk::prelude::*;
/// # fn main() -> Result<()> {
/// let module = Module::new("shell").after("users");
/// module.merge(json!({ "packages": { "install": ["zsh"] } }))?;
/// module.file("/etc/motd", "Welcome\n")?;
/// module.file(root("/usr/local/bin/hi").mode(0o755), "#!/bin/sh\necho hi\n")?;
/// module.file(iso("/README.txt"), "Read me\n")?;
/// # Ok(())
/// # }
/// ```
pub struct Module(pub(crate) contribution::Module);

impl Module {
    /// Starts a module. The name is unique within the plugin.
    pub fn new(name: &str) -> Self {
        Self(contribution::Module::new(name))
    }

    /// Stands for a word that other modules can require or come after.
    pub fn provides(self, word: &str) -> Self {
        self.0.provides(word);
        self
    }

    /// Needs another module that provides the word.
    pub fn requires(self, word: &str) -> Self {
        self.0.requires(word);
        self
    }

    /// Cannot be beside a module that provides the word.
    pub fn conflicts(self, word: &str) -> Self {
        self.0.conflicts(word);
        self
    }

    /// Comes after the modules that provide the word.
    pub fn after(self, word: &str) -> Self {
        self.0.after(word);
        self
    }

    /// Comes before the modules that provide the word.
    pub fn before(self, word: &str) -> Self {
        self.0.before(word);
        self
    }

    /// Sets options, in the words of the manifest's profiles. Only during `contribute`.
    pub fn merge(&self, fragment: impl ToJson) -> Result<()> {
        self.merge_as(fragment, Strength::Normal)
    }

    /// Sets options that give way to anything else.
    pub fn merge_fallback(&self, fragment: impl ToJson) -> Result<()> {
        self.merge_as(fragment, Strength::Fallback)
    }

    /// Sets options that win over what others set.
    pub fn merge_force(&self, fragment: impl ToJson) -> Result<()> {
        self.merge_as(fragment, Strength::Force)
    }

    fn merge_as(&self, fragment: impl ToJson, strength: Strength) -> Result<()> {
        Ok(self.0.merge(&json::text(&fragment.to_json()), strength)?)
    }

    /// Adds a file. A path alone is one of the root filesystem, of root's, with mode 0644.
    pub fn file(&self, place: impl Into<Place>, content: impl Content) -> Result<()> {
        let Place { tree, path, attributes } = place.into();
        content.with(&mut |blob| Ok(self.0.file(tree, &path, &blob.0, attributes)?))
    }

    /// Adds a folder, or sets owner and mode of one. Folders on the way come by themselves.
    pub fn folder(&self, place: impl Into<Place>) -> Result<()> {
        let Place { tree, path, mut attributes } = place.into();
        if attributes.mode == FILE {
            attributes.mode = 0o755;
        }
        Ok(self.0.folder(tree, &path, attributes)?)
    }

    /// Adds a symbolic link to the root filesystem.
    pub fn symlink(&self, path: &str, target: &str) -> Result<()> {
        Ok(self.0.symlink("root", path, target)?)
    }

    /// Removes an entry and all below it. Needs the grant `remove`.
    pub fn remove(&self, place: impl Into<Place>) -> Result<()> {
        let Place { tree, path, .. } = place.into();
        Ok(self.0.remove(tree, &path)?)
    }

    /// Runs a script as root inside the image's own root filesystem. Needs the grant `hooks`.
    pub fn hook(&self, name: &str, script: impl Content) -> Result<()> {
        script.with(&mut |blob| Ok(self.0.hook(name, &blob.0)?))
    }
}

/// Mode of a file unless it says otherwise.
const FILE: u32 = 0o644;

/// Where an entry goes, with its owner and mode.
#[derive(Debug, Clone)]
pub struct Place {
    tree: &'static str,
    path: String,
    attributes: contribution::Attributes,
}

/// Returns a place in the root filesystem.
pub fn root(path: impl Into<String>) -> Place {
    Place::new("root", path.into())
}

/// Returns a place on the medium itself.
pub fn iso(path: impl Into<String>) -> Place {
    Place::new("iso", path.into())
}

impl Place {
    fn new(tree: &'static str, path: String) -> Self {
        let attributes = contribution::Attributes { mode: FILE, uid: 0, gid: 0, replace: false };
        Self { tree, path, attributes }
    }

    /// Sets the permission bits.
    pub fn mode(mut self, mode: u32) -> Self {
        self.attributes.mode = mode;
        self
    }

    /// Sets owner and group.
    pub fn owned_by(mut self, uid: u32, gid: u32) -> Self {
        (self.attributes.uid, self.attributes.gid) = (uid, gid);
        self
    }

    /// Allows to take the place of what another plugin set.
    pub fn replacing(mut self) -> Self {
        self.attributes.replace = true;
        self
    }
}

impl From<&str> for Place {
    fn from(path: &str) -> Self {
        root(path)
    }
}

impl From<String> for Place {
    fn from(path: String) -> Self {
        root(path)
    }
}

impl From<&String> for Place {
    fn from(path: &String) -> Self {
        root(path)
    }
}

/// What can be the content of a file: text, bytes, or a blob of the host's.
pub trait Content {
    /// Hands the host's blob of it to `place`.
    #[doc(hidden)]
    fn with(&self, place: &mut dyn FnMut(&Blob) -> Result<()>) -> Result<()>;
}

impl<T: Content + ?Sized> Content for &T {
    fn with(&self, place: &mut dyn FnMut(&Blob) -> Result<()>) -> Result<()> {
        (**self).with(place)
    }
}

impl Content for str {
    fn with(&self, place: &mut dyn FnMut(&Blob) -> Result<()>) -> Result<()> {
        place(&Blob(blobs::from_string(self)?))
    }
}

impl Content for String {
    fn with(&self, place: &mut dyn FnMut(&Blob) -> Result<()>) -> Result<()> {
        self.as_str().with(place)
    }
}

impl Content for [u8] {
    fn with(&self, place: &mut dyn FnMut(&Blob) -> Result<()>) -> Result<()> {
        place(&Blob(blobs::from_bytes(self)?))
    }
}

impl Content for Vec<u8> {
    fn with(&self, place: &mut dyn FnMut(&Blob) -> Result<()>) -> Result<()> {
        self.as_slice().with(place)
    }
}

impl Content for Blob {
    fn with(&self, place: &mut dyn FnMut(&Blob) -> Result<()>) -> Result<()> {
        place(self)
    }
}

/// Immutable bytes that the host holds; they reach the plugin only when it reads them.
pub struct Blob(pub(crate) HostBlob);

/// At most so much is read or written at once.
const PIECE: u32 = 1 << 20;

impl Blob {
    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.0.size()
    }

    /// Returns `sha256:` and 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        self.0.digest()
    }

    /// Reads all of it. A secret refuses unless the grant says that it may be read.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let read = self.0.read(bytes.len() as u64, PIECE);
            let piece = crate::error::seen(|| "the content".to_owned(), read)?.unwrap_or_default();
            if piece.is_empty() {
                return Ok(bytes);
            }
            bytes.extend(piece);
        }
    }

    /// Reads all of it as text.
    pub fn text(&self) -> Result<String> {
        String::from_utf8(self.bytes()?).map_err(|_| Error::from("the content is no UTF-8"))
    }
}

/// Bytes in the making, for contents that are too large for the plugin's memory.
pub struct Writer(blobs::Writer);

impl Writer {
    /// Starts with nothing.
    #[expect(clippy::new_without_default, reason = "it takes a resource of the host's")]
    pub fn new() -> Self {
        Self(blobs::Writer::new())
    }

    /// Adds bytes at the end.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        bytes.chunks(PIECE as usize).try_for_each(|piece| Ok(self.0.write(piece)?))
    }

    /// Ends it.
    pub fn finish(self) -> Result<Blob> {
        Ok(Blob(blobs::finish(self.0)?))
    }
}
