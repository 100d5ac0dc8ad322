//! Takes the newest kernel out of a layer, or one of its others.
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
    /// The version of the kernel; without one, the newest.
    pub version: Option<String>,
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
        let Self { layer, version } = self;
        key.artifact("layer", *layer);
        if let Some(version) = version {
            key.value("version", version);
        }
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let tree = stored::tree(self.layer, cx)?;
        let kernels = kernels(&tree);
        let version = match &self.version {
            None => newest_kernel(kernels.keys().copied()).ok_or(Error::NoKernel)?,
            Some(version) => version,
        };
        let content = kernels
            .get(&*format!("vmlinuz-{version}"))
            .ok_or_else(|| Error::NoSuchKernel { version: version.to_owned() })?;
        stored::write(out.vmlinuz, &InPacks::new(cx).bytes(content)?, &[], cx)?;
        Ok(stored::write(out.version, version.as_bytes(), &[], cx)?)
    }
}

/// Why there is no kernel.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No package brought one.
    #[error("no kernel in /boot: no linux-image package is installed")]
    NoKernel,
    /// The package of a kernel did not bring it.
    #[error("no /boot/vmlinuz-{version}, though the package of that kernel is installed")]
    NoSuchKernel {
        /// The version of the kernel.
        version: String,
    },
    /// The store.
    #[error(transparent)]
    Stored(#[from] stored::Error),
}

/// Returns the contents of the kernels, by their names.
fn kernels(tree: &tree::Tree) -> BTreeMap<&str, Content> {
    let kernels = tree.entries.iter().filter_map(|(path, entry)| match &entry.kind {
        Kind::File(content) => {
            Some((std::str::from_utf8(path.strip_prefix(b"boot/")?).ok()?, *content))
        }
        _ => None,
    });
    kernels.collect()
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
        assert_eq!(newest_kernel(kernels(&tree).into_keys()), Some("6.10.1-amd64"));
        assert!(kernels(&tree::Tree::default()).is_empty());
    }
}
