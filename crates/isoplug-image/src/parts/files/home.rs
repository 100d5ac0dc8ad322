//! Gives the folders on the way to a file in a home to the owner of that home.
//!
//! Knows homes from the image's `/etc/passwd`, whoever added the users.

use std::collections::BTreeMap;

use isoplug_formats::tree::{Entry, Kind};

use super::super::{Attrs, ContributeError, Rootfs};

/// The homes of an image and their owners.
pub(super) struct Homes(BTreeMap<String, (u32, u32)>);

impl Homes {
    /// Reads them.
    pub(super) fn read(rootfs: &dyn Rootfs) -> Result<Self, ContributeError> {
        let passwd = rootfs.read("/etc/passwd")?.unwrap_or_default();
        let passwd = String::from_utf8_lossy(&passwd);
        Ok(Self(passwd.lines().filter_map(home).collect()))
    }

    /// Adds the folders on the way to a path in a home that nobody made yet.
    pub(super) fn make_way(
        &self,
        rootfs: &mut dyn Rootfs,
        path: &str,
    ) -> Result<(), ContributeError> {
        let mut owner = None;
        for (end, _) in path.trim_end_matches('/').match_indices('/').skip(1) {
            let folder = &path[..end];
            let there = rootfs.stat(folder);
            let owned = self.0.get(folder).copied().or(owner);
            owner = match there {
                None => owned,
                Some(entry) => owner_below(&entry, owned),
            };
            if let (None, Some((uid, gid))) = (rootfs.stat(folder), owner) {
                rootfs.directory(folder, Attrs::mode(mode(folder)).owned_by(uid, gid))?;
            }
        }
        Ok(())
    }
}

/// A folder that root has in a home, or a home that is root's such as `/var/www`, keeps its own.
fn owner_below(entry: &Entry, owner: Option<(u32, u32)>) -> Option<(u32, u32)> {
    let is_own = entry.kind == Kind::Directory && entry.uid != 0;
    owner.filter(|_| is_own).map(|_| (entry.uid, entry.gid))
}

/// The mode that the programs which make these folders give them.
fn mode(folder: &str) -> u16 {
    match folder.rsplit('/').next() {
        Some(".ssh" | ".gnupg") => 0o700,
        _ => 0o755,
    }
}

/// Reads a line of passwd(5).
fn home(line: &str) -> Option<(String, (u32, u32))> {
    let fields: Vec<&str> = line.split(':').collect();
    let [_, _, uid, gid, _, home, ..] = fields[..] else { return None };
    let home = home.trim_end_matches('/');
    (!home.is_empty()).then_some((home.to_owned(), (uid.parse().ok()?, gid.parse().ok()?)))
}
