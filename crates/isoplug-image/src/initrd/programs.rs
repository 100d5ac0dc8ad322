//! What only the layer's own programs know: they are run, each in a small tree of its own.

use std::collections::BTreeMap;

use isoplug_formats::tree::{Tree, TreePath};

use super::Error;

/// Runs programs of a layer.
pub trait Programs {
    /// Runs a program in a tree whose contents lie where the layer's lie, and returns the files
    /// that are below a folder then.
    ///
    /// # Errors
    /// [`Error::Unknown`] if the program fails.
    fn run(
        &self,
        tree: &Tree,
        arguments: &[&str],
        folder: &str,
    ) -> Result<BTreeMap<TreePath, Vec<u8>>, Error>;
}
