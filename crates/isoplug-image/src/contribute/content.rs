//! Puts files and folders of the user's into the rootfs.

pub mod source;

use isoplug_engine::Key;
use isoplug_formats::tree::Kind;
use serde::{Serialize, Serializer};

use super::{Attrs, ContributeError, Contributor, Host, users};
use crate::plugins;
use source::{Item, Source, What};

/// Files to put into the rootfs, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Files {
    /// The files and folders.
    pub files: Vec<NewFile>,
}

/// A file or folder to put into the rootfs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewFile {
    /// Its path in the running system; for a folder, where its content goes.
    pub target: String,
    /// What it holds.
    pub from: FileContent,
    /// Its mode; a folder's goes to its files, and to its folders with the bits to enter them.
    /// `None`: 0644, or 0755 for folders and what is executable.
    pub mode: Option<u16>,
    /// Its owner, by name or number.
    pub user: String,
    /// Its group, by name or number.
    pub group: String,
}

/// Where the content of a file comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum FileContent {
    /// Bytes from the manifest.
    Bytes(#[serde(serialize_with = "digest")] Vec<u8>),
    /// A file or folder of the build machine.
    Source(Source),
}

/// Writes down bytes by their BLAKE3, since they may be many.
fn digest<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&blake3::hash(bytes).to_hex())
}

impl Contributor for Files {
    fn name(&self) -> &str {
        "files"
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("files", self);
    }

    fn contribute(&self, host: &mut dyn Host) -> Result<(), ContributeError> {
        self.files.iter().try_for_each(|file| add(host, file))
    }
}

fn add(host: &mut dyn Host, file: &NewFile) -> Result<(), ContributeError> {
    let owner = (users::uid(host, &file.user)?, users::gid(host, &file.group)?);
    match &file.from {
        FileContent::Bytes(bytes) => {
            let attrs = Attrs::mode(file.mode.unwrap_or(0o644)).owned_by(owner.0, owner.1);
            let attrs = Attrs { replace: gives_way(host, &file.target)?, ..attrs };
            host.file(&file.target, bytes, attrs)
        }
        FileContent::Source(source) => {
            source.items.iter().try_for_each(|item| add_item(host, file, source, item, owner))
        }
    }
}

fn add_item(
    host: &mut dyn Host,
    file: &NewFile,
    source: &Source,
    item: &Item,
    (uid, gid): (u32, u32),
) -> Result<(), ContributeError> {
    let path = match &item.path[..] {
        "" => file.target.clone(),
        below => format!("{}/{below}", file.target.trim_end_matches('/')),
    };
    let attrs = Attrs::mode(mode(file.mode, &item.what)).owned_by(uid, gid);
    match &item.what {
        What::Folder if host.stat(&path).is_some_and(|e| e.kind == Kind::Directory) => Ok(()),
        What::Folder => host.directory(&path, attrs),
        What::Link { target } => host.symlink(&path, target),
        What::File { .. } => {
            let replace = gives_way(host, &path)?;
            let mut reader = source.open(item).map_err(|error| ContributeError::Io {
                path: error.path.display().to_string(),
                source: error.source,
            })?;
            host.file_from(&path, &mut reader, Attrs { replace, ..attrs })
        }
    }
}

/// Returns the mode of an item.
fn mode(wanted: Option<u16>, what: &What) -> u16 {
    match (wanted, what) {
        (Some(mode), What::Folder) => mode | (mode & 0o444) >> 2,
        (Some(mode), _) => mode,
        (None, What::File { executable: false, .. }) => 0o644,
        (None, _) => 0o755,
    }
}

/// Tells whether what is there gives way to the user's own.
fn gives_way(host: &dyn Host, path: &str) -> Result<bool, ContributeError> {
    let of_plugin = host.set_by(path).is_some_and(|name| name.starts_with(plugins::TITLE));
    Ok(of_plugin || is_from_skeleton(host, path)?)
}

/// Tells whether a file is a copy of one in `/etc/skel`, which gives way to the user's own.
fn is_from_skeleton(host: &dyn Host, path: &str) -> Result<bool, ContributeError> {
    let Some(there) = host.read(path)? else { return Ok(false) };
    for (slash, _) in path.match_indices('/').skip(1) {
        if host.read(&format!("/etc/skel{}", &path[slash..]))?.as_ref() == Some(&there) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
