//! Lets the image's own depmod(8) make the lists of kernel modules anew once drivers lie over a layer, in a tree of the
//! few files that it reads.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use isoplug_engine::{Artifact, Context, Digest, Key, NewBlob, Slots, Stage, Tree};
use isoplug_formats::tree::pack::{Contents, Packs};
use isoplug_formats::tree::{self, Kind};
use isoplug_sandbox::stored::{self as sandboxed, Lines, StoredError};
use isoplug_sandbox::{self as sandbox, Command, Keep};

use crate::initrd;
use crate::stored::{self, InPacks};

/// Inputs.
pub struct Depmod {
    /// The layer that has the kernels.
    pub layer: Artifact<Tree>,
    /// The drivers, as an overlay.
    pub drivers: Artifact<Tree>,
    /// The versions of the kernels.
    pub kernels: Vec<String>,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// The time of all files; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The overlay with the lists in it.
    pub overlay: Artifact<Tree>,
}

const PROGRAM: &str = "/usr/sbin/depmod";
/// What it reads.
const READS: [&str; 3] = ["/usr/lib/modules", "/usr/lib/depmod.d", "/etc/depmod.d"];
/// How the libraries begin by which it unpacks kernel modules: it opens them itself, so nothing in it names them.
const LIBRARIES: [&str; 3] = ["liblzma.so.", "libz.so.", "libzstd.so."];

impl Stage for Depmod {
    const NAME: &'static str = "depmod";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { overlay: slots.slot("drivers with lists") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { layer, drivers, kernels, arch, epoch } = self;
        key.artifact("layer", *layer);
        key.artifact("drivers", *drivers);
        key.value("kernels", kernels);
        key.value("arch", arch);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let mut overlay = stored::overlay(self.drivers, cx)?;
        let small = self.small(cx)?;
        let (kept, pack) = (cx.create()?, cx.create()?);
        let mut job = sandboxed::begin(Some(self.layer), &self.arch, self.epoch, cx)?;
        sandboxed::add_contents(&mut job, self.drivers, cx)?;
        job.parent = Some(small.path().to_owned());
        let commands = self.kernels.iter().map(|kernel| Command::new([PROGRAM, kernel.as_str()]));
        job.run = commands.collect();
        job.keep = Some(Keep { tree: kept.path().to_owned(), pack: pack.path().to_owned() });
        let made = sandbox::run(&job, &Lines::new(cx, &[], 0)).map_err(StoredError::from)?;
        let mut refers = stored::refers(self.drivers, cx)?;
        self.compare(kept.path(), pack.path(), cx)?;
        if let Some(id) = made.pack.and_then(|id| Digest::from_hex(&id).ok()) {
            lists(kept.path(), &id, &mut overlay.tree, self.epoch)?;
            refers.push(cx.put(pack, Some(id))?);
        }
        Ok(stored::write(out.overlay, &overlay.to_bytes(), &refers, cx)?)
    }
}

/// Why there are no lists.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The layer has no depmod that runs in so small a tree.
    #[error("the image's depmod cannot make the lists of its kernel modules: {0}")]
    Program(String),
    /// A file of the store cannot be read or written.
    #[error("cannot write the tree for depmod: {0}")]
    Io(#[from] io::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] stored::Error),
    /// The sandbox, or the store.
    #[error(transparent)]
    Stored(#[from] StoredError),
    /// The store.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

impl Depmod {
    /// Returns the tree to run in.
    fn small(&self, cx: &Context) -> Result<NewBlob, Error> {
        let mut layer = stored::tree(self.layer, cx)?;
        stored::overlay(self.drivers, cx)?.apply(&mut layer);
        let packs = stored::packs(&layer, cx)?;
        let libraries = self.libraries(&layer);
        let reads: Vec<&str> =
            READS.into_iter().chain(libraries.iter().map(String::as_str)).collect();
        let small = initrd::small(&layer, &packs, &self.arch, (&[PROGRAM], &reads));
        let mut small = small.map_err(|error| Error::Program(error.to_string()))?;
        small.entries.values_mut().for_each(|entry| entry.mtime = self.epoch);
        let blob = cx.create()?;
        blob.file().write_all(&small.to_bytes())?;
        Ok(blob)
    }

    /// Returns the libraries that unpack kernel modules, with the links to them.
    fn libraries(&self, layer: &tree::Tree) -> Vec<String> {
        let triplet = isoplug_arch::find(&self.arch).map_or("", |arch| arch.triplet);
        let folder = format!("usr/lib/{triplet}/");
        let paths = layer.entries.keys().filter_map(|path| std::str::from_utf8(path).ok());
        let is_one = |path: &&str| {
            path.strip_prefix(&folder)
                .is_some_and(|name| LIBRARIES.iter().any(|library| name.starts_with(library)))
        };
        paths.filter(is_one).map(str::to_owned).collect()
    }

    /// Fails where the new lists have lost what the packages' own depmod knew: it skips what it cannot unpack and says
    /// nothing.
    fn compare(&self, kept: &Path, pack: &Path, cx: &Context) -> Result<(), Error> {
        let before = stored::tree(self.layer, cx)?;
        let after = tree::Tree::from_bytes(&fs::read(kept)?).map_err(io::Error::other)?;
        let packs = Packs::open(&after, |id| match cx.referred(&Digest::from_bytes(*id)) {
            Ok(path) => File::open(path),
            Err(_) => File::open(pack),
        })?;
        for kernel in &self.kernels {
            let path = format!("usr/lib/modules/{kernel}/modules.dep");
            let old = dependencies(&before, &path, &InPacks::new(cx))?;
            let new = dependencies(&after, &path, &packs)?;
            if new < old / 2 {
                let lost =
                    format!("it read the dependencies of {new} of them, where {old} have some");
                return Err(Error::Program(lost));
            }
        }
        Ok(())
    }
}

/// Returns how many kernel modules of a list depend on others.
fn dependencies(tree: &tree::Tree, path: &str, contents: &dyn Contents) -> Result<usize, Error> {
    let Some(Kind::File(content)) = tree.get(path).map(|entry| &entry.kind) else { return Ok(0) };
    Ok(depending(&String::from_utf8_lossy(&contents.read(content)?)))
}

/// Counts the lines of modules.dep(5) that name something behind the colon.
fn depending(list: &str) -> usize {
    let needs = list.lines().filter_map(|line| line.split_once(':'));
    needs.filter(|(_, needs)| !needs.trim().is_empty()).count()
}

/// Adds what is new in a tree: the lists that differ from those before.
fn lists(kept: &Path, new: &Digest, to: &mut tree::Tree, epoch: u32) -> Result<(), Error> {
    let kept = tree::Tree::from_bytes(&fs::read(kept)?).map_err(io::Error::other)?;
    for (path, entry) in kept.entries {
        let Kind::File(content) = &entry.kind else { continue };
        if content.pack == *new.as_bytes() && path.starts_with(b"usr/lib/modules/") {
            to.entries.insert(path, tree::Entry { mtime: epoch, ..entry });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_that_need_others_are_counted() {
        let list =
            "kernel/a.ko.xz:\nkernel/b.ko.xz: kernel/a.ko.xz\nupdates/dkms/wl.ko: kernel/b.ko.xz\n";
        assert_eq!(depending(list), 2);
        assert_eq!(depending("kernel/a.ko.xz:\n"), 0);
    }
}
