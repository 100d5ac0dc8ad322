//! Takes kernel modules out of what was packed, as plain files without a signature, and writes overlays of such files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::ops::ControlFlow;
use std::path::Path;

use isoplug_engine::{Artifact, Context, Digest, NewBlob, Tree as TreeArtifact};
use isoplug_formats::elf::KernelModule;
use isoplug_formats::tar::bounded;
use isoplug_formats::tree::pack::{PackWriter, Pending};
use isoplug_formats::tree::{Entry, Kind};

use super::{Error, packed};
use crate::contribute::overlay::Overlay;
use crate::module_signature::unsigned;
use crate::stored;

/// A kernel module that was compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Where it goes, below the root.
    pub path: String,
    /// The version of the kernel that it is for.
    pub kernel: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What errors call the tar of what was compiled.
const COMPILED: &str = "what was compiled";

/// Returns the kernel modules in a tar archive, in the order of their paths.
pub(super) fn modules(tar: &Path) -> Result<Vec<Module>, Error> {
    let file = File::open(tar).map_err(Error::io(COMPILED))?;
    let mut modules = BTreeMap::new();
    packed::each(COMPILED, bounded(file), |mut packed| {
        if let Some((path, kernel)) = place(&packed.path).filter(|_| packed.is_file()) {
            let bytes = packed.bytes()?;
            let bytes = KernelModule::unpacked(&bytes)
                .map_err(|error| Error::io(&packed.path)(io::Error::other(error)))?;
            let bytes = unsigned(&bytes).to_vec();
            modules.insert(path.clone(), Module { path, kernel, bytes });
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(modules.into_values().collect())
}

/// Returns the path of a kernel module without the ending of its compression, and the version of its kernel; `None`
/// for what is no kernel module.
fn place(path: &str) -> Option<(String, String)> {
    let (start, ending) = path.rsplit_once(".ko")?;
    let kernel = path.strip_prefix("usr/lib/modules/")?.split('/').next()?;
    let is_module = ["", ".xz", ".zst", ".gz"].contains(&ending);
    is_module.then(|| (format!("{start}.ko"), kernel.to_owned()))
}

/// Writes an overlay of files that are root's.
pub struct OverlayFiles<'a> {
    cx: &'a Context<'a>,
    epoch: u32,
    blob: NewBlob,
    pack: PackWriter<BufWriter<File>>,
    files: Vec<(String, u16, Pending)>,
    overlay: Overlay,
}

impl<'a> OverlayFiles<'a> {
    /// Begins one; `epoch` is the time of its files.
    ///
    /// # Errors
    ///
    /// When there is no place for it.
    pub fn new(epoch: u32, cx: &'a Context<'a>) -> Result<Self, stored::Error> {
        let blob = cx.create()?;
        let file = blob.file().try_clone().map_err(stored::Error::write(blob.path()))?;
        let (pack, overlay) = (PackWriter::new(BufWriter::new(file)), Overlay::default());
        Ok(Self { cx, epoch, blob, pack, files: Vec::new(), overlay })
    }

    /// Adds a file.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn add(&mut self, path: &str, mode: u16, bytes: &[u8]) -> Result<(), stored::Error> {
        let pending = self.pack.append(bytes).map_err(stored::Error::write(path))?;
        self.files.push((path.to_owned(), mode, pending));
        Ok(())
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, path: &str, target: &[u8]) {
        let link = Entry::new(Kind::Symlink(target.to_vec()), 0o777, self.epoch);
        self.overlay.tree.entries.insert(path.as_bytes().to_vec(), link);
    }

    /// Makes it an output.
    ///
    /// # Errors
    ///
    /// When it cannot be stored.
    pub fn finish(self, out: Artifact<TreeArtifact>) -> Result<(), stored::Error> {
        let Self { cx, epoch, blob, pack, files, mut overlay } = self;
        let (_, id, finished) = pack.finish().map_err(stored::Error::write("an overlay"))?;
        let is_empty = files.is_empty();
        for (path, mode, pending) in files {
            let file = Kind::File(finished.content(pending));
            overlay.tree.entries.insert(path.into_bytes(), Entry::new(file, mode, epoch));
        }
        let refers = match is_empty {
            true => Vec::new(),
            false => vec![cx.put(blob, Some(Digest::from_bytes(id)))?],
        };
        stored::write(out, &overlay.to_bytes(), &refers, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_modules_lose_their_compression() {
        let path = "usr/lib/modules/6.12.1-amd64/updates/dkms/wl.ko";
        let expected = Some((path.to_owned(), "6.12.1-amd64".to_owned()));
        for ending in ["", ".xz", ".zst", ".gz"] {
            assert_eq!(place(&format!("{path}{ending}")), expected);
        }
        assert_eq!(place("usr/lib/modules/6.12.1-amd64/updates/dkms/"), None);
        assert_eq!(place("usr/lib/modules/6.12.1-amd64/modules.dep"), None);
        assert_eq!(place("usr/lib/modules/6/updates/a.ko.old"), None);
    }
}
