//! Finds the .debs of an image: in the store by the lock's digests, in a folder by their names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_formats::tree::sorted_names;
use isoplug_manifest::lock::LockedPackage;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Name, version and architecture.
type Which = (String, String, String);

/// Where .debs are.
#[derive(Debug, Default)]
pub(crate) struct Debs(BTreeMap<Which, PathBuf>);

impl Debs {
    /// Finds them.
    pub(crate) fn find(
        locked: &[LockedPackage],
        folder: Option<&Path>,
        session: &Session,
    ) -> Result<Self, Failure> {
        let mut debs = Self::default();
        if let Some(folder) = folder {
            debs.below(folder).map_err(|error| {
                Failure::new(Exit::Manifest, format!("cannot read {}", folder.display()))
                    .because(&error)
            })?;
        }
        if let Some(store) = session.store_that_is_there() {
            for package in locked {
                let digest =
                    Digest::from_hex(&package.sha256).ok().filter(|digest| store.has(digest));
                if let Some(digest) = digest {
                    debs.0.insert(which(package), store.blob_path(&digest));
                }
            }
        }
        Ok(debs)
    }

    /// Takes every .deb below a folder by its name, in which a colon may be written as `%3a`.
    fn below(&mut self, folder: &Path) -> std::io::Result<()> {
        for name in sorted_names(folder)? {
            let path = folder.join(&name);
            let name = name.to_string_lossy().replace("%3a", ":");
            let parts: Vec<&str> =
                name.strip_suffix(".deb").unwrap_or_default().split('_').collect();
            if path.is_dir() && !path.is_symlink() {
                self.below(&path)?;
            } else if let [name, version, architecture] = parts[..] {
                self.0.insert((name.into(), without_epoch(version), architecture.into()), path);
            }
        }
        Ok(())
    }

    /// Returns the .deb of a package.
    pub(crate) fn of(&self, name: &str, version: &str, architecture: &str) -> Option<&Path> {
        let which = (name.to_owned(), without_epoch(version), architecture.to_owned());
        self.0.get(&which).map(PathBuf::as_path)
    }
}

fn which(package: &LockedPackage) -> Which {
    let LockedPackage { name, version, architecture, .. } = package;
    (name.as_str().to_owned(), without_epoch(version.as_str()), architecture.as_str().to_owned())
}

/// Names of .debs have no epochs.
fn without_epoch(version: &str) -> String {
    version.split_once(':').map_or(version, |(_, rest)| rest).to_owned()
}
