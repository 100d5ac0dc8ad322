//! A vendor folder that is being filled: what is put where, each file by one rename, and the list of checksums.
//!
//! The folder may come from a stranger: no link in it is followed.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use isoplug_engine::Digest;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::place;

/// A vendor folder.
pub(super) struct Vendor {
    /// Where it is.
    folder: PathBuf,
    /// The digest of each file, by its path in it.
    written: BTreeMap<String, Digest>,
}

impl Vendor {
    /// Opens a folder, which is made if it is missing.
    pub(super) fn open(folder: PathBuf) -> Result<Self, Failure> {
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
        Ok(Self { folder, written: BTreeMap::new() })
    }

    /// Tells whether a file of this name was put there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.written.contains_key(name)
    }

    /// Puts a file there whose digest is known.
    pub(super) fn bring(&mut self, from: &Path, name: &str, digest: Digest) -> Result<(), Failure> {
        let target = self.target(name)?;
        let brought = place::bring(from, &target);
        brought
            .and_then(|new| place::take_place(new, &target))
            .map_err(|error| failed(&target, &error))?;
        self.written.insert(name.to_owned(), digest);
        Ok(())
    }

    /// Puts a program there.
    pub(super) fn bring_program(&mut self, from: &Path, name: &str) -> Result<(), Failure> {
        let target = self.target(name)?;
        let copied = place::bring(from, &target)
            .and_then(|new| {
                fs::set_permissions(&new, Permissions::from_mode(0o755))?;
                place::take_place(new, &target)
            })
            .and_then(|()| Digest::of_file(&File::open(&target)?));
        let digest = copied.map_err(|error| failed(&target, &error))?;
        self.written.insert(name.to_owned(), digest);
        Ok(())
    }

    /// Writes a text there.
    pub(super) fn write(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let target = self.target(name)?;
        place::write(&target, text).map_err(|error| failed(&target, &error))?;
        self.written.insert(name.to_owned(), Digest::of(text.as_bytes()));
        Ok(())
    }

    /// Writes the list of all that was put there; returns the paths of all, itself among them.
    pub(super) fn finish(mut self) -> Result<Vec<String>, Failure> {
        const SUMS: &str = "SHA256SUMS";
        let line = |(name, digest): (&String, &Digest)| format!("{}  {name}\n", digest.hex());
        let sums: String = self.written.iter().map(line).collect();
        self.write(SUMS, &sums)?;
        Ok(self.written.into_keys().collect())
    }

    /// Returns where a file goes, after the folders on the way are made.
    fn target(&self, name: &str) -> Result<PathBuf, Failure> {
        let mut folder = self.folder.clone();
        let (folders, file) = name.rsplit_once('/').unwrap_or(("", name));
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            folder.push(part);
            match fs::create_dir(&folder) {
                Err(error) if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) => {
                    return Err(failed(&folder, &error));
                }
                _ => {}
            }
        }
        Ok(folder.join(file))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot write {}", path.display())).because(error)
}
