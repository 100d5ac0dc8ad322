//! Takes the newest kernel out of a layer.
//!
//! Only `/boot/vmlinuz-VERSION` counts, as Debian's kernel packages name it.

use std::collections::BTreeMap;

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};
use isoplug_formats::tree::{self, Content, Kind};

use crate::facts::newest_kernel;
use crate::stored::{self, InPacks};

/// Inputs.
pub struct Kernel {
    /// The layer that has the kernel.
    pub layer: Artifact<Tree>,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The kernel.
    pub vmlinuz: Artifact<Blob>,
    /// Its version as text, by which its modules are found.
    pub version: Artifact<Blob>,
}

impl Stage for Kernel {
    const NAME: &'static str = "kernel";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { vmlinuz: slots.slot("vmlinuz"), version: slots.slot("version") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { layer } = self;
        key.artifact("layer", *layer);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let tree = stored::tree(self.layer, cx)?;
        let (version, content) = newest(&tree).ok_or(Error::NoKernel)?;
        stored::write(out.vmlinuz, &InPacks::new(cx).bytes(&content)?, &[], cx)?;
        Ok(stored::write(out.version, version.as_bytes(), &[], cx)?)
    }
}

/// Why there is no kernel.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No package brought one.
    #[error("no kernel in /boot: no linux-image package is installed")]
    NoKernel,
    /// The store.
    #[error(transparent)]
    Stored(#[from] stored::Error),
}

/// Returns the version and the content of the newest kernel, as Debian orders versions.
fn newest(tree: &tree::Tree) -> Option<(String, Content)> {
    let kernels = tree.entries.iter().filter_map(|(path, entry)| match &entry.kind {
        Kind::File(content) => {
            Some((std::str::from_utf8(path.strip_prefix(b"boot/")?).ok()?, *content))
        }
        _ => None,
    });
    let kernels: BTreeMap<&str, Content> = kernels.collect();
    let version = newest_kernel(kernels.keys().copied())?;
    Some((version.to_owned(), *kernels.get(&*format!("vmlinuz-{version}"))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_formats::tree::Entry;

    #[test]
    fn ten_is_newer_than_nine_and_links_do_not_count() {
        let content = Content { digest: [0; 32], size: 1, pack: [0; 32], offset: 0 };
        let mut tree = tree::Tree::default();
        for name in ["6.9.7-amd64", "6.10.1-amd64", "6.10~rc1-amd64"] {
            let path = format!("boot/vmlinuz-{name}");
            tree.insert(path.as_bytes(), Entry::new(Kind::File(content), 0o644, 0));
        }
        let link = Entry::new(Kind::Symlink(b"boot/vmlinuz-9".to_vec()), 0o777, 0);
        tree.insert(*b"boot/vmlinuz-99", link);
        assert_eq!(newest(&tree).unwrap().0, "6.10.1-amd64");
        assert!(newest(&tree::Tree::default()).is_none());
    }
}
