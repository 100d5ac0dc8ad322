//! Reads and writes the extended attributes of one entry of the build machine.
//!
//! Only the namespaces that an image can carry: `user`, `trusted` and `security`. Knows no trees.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use rustix::fs::{XattrFlags, lgetxattr, lgetxattr_query, llistxattr, llistxattr_query, lsetxattr};
use rustix::io::Errno;

/// Labels that the build machine's own policy put there; they say nothing about the image.
const OF_THE_MACHINE: [&[u8]; 3] = [b"security.selinux", b"security.ima", b"security.evm"];

/// Returns the attributes of an entry, of a symbolic link itself, as an image would carry them.
pub(super) fn read(path: &Path) -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for name in names(path)?.split(|&b| b == 0).filter(|name| is_carried(name)) {
        let mut value = vec![0; lgetxattr_query(path, name)?];
        let length = lgetxattr(path, name, &mut value)?;
        value.truncate(length);
        found.insert(name.to_vec(), rootless(name, value));
    }
    Ok(found)
}

/// Sets the attributes of an entry, of a symbolic link itself.
pub(super) fn write(path: &Path, attributes: &BTreeMap<Vec<u8>, Vec<u8>>) -> io::Result<()> {
    for (name, value) in attributes {
        lsetxattr(path, name.as_slice(), value, XattrFlags::empty())?;
    }
    Ok(())
}

fn names(path: &Path) -> io::Result<Vec<u8>> {
    let length = match llistxattr_query(path) {
        Ok(0) | Err(Errno::NOTSUP) => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = vec![0; length];
    let length = llistxattr(path, &mut names)?;
    names.truncate(length);
    Ok(names)
}

fn is_carried(name: &[u8]) -> bool {
    let namespaces: [&[u8]; 3] = [b"user.", b"trusted.", b"security."];
    namespaces.iter().any(|namespace| name.starts_with(namespace))
        && !OF_THE_MACHINE.contains(&name)
}

/// Turns capabilities that hold only below the root user of one user namespace (version 3 of
/// `vfs_cap_data` in linux/capability.h) into those that hold on any machine (version 2).
fn rootless(name: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    const REVISION_3: u8 = 3;
    if name == b"security.capability" && value.len() == 24 && value[3] == REVISION_3 {
        value[3] = 2;
        value.truncate(20);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_lose_the_root_user_of_a_namespace() {
        let version_3 = [&[1, 0, 0, 3, 0, 32, 0, 0][..], &[0; 12], &100_000_u32.to_le_bytes()];
        let version_2 = [&[1, 0, 0, 2, 0, 32, 0, 0][..], &[0; 12]].concat();
        assert_eq!(rootless(b"security.capability", version_3.concat()), version_2);
        assert_eq!(rootless(b"security.capability", version_2.clone()), version_2);
        assert_eq!(rootless(b"user.x", version_3.concat()), version_3.concat());
    }

    #[test]
    fn only_what_an_image_can_carry_is_read() {
        assert!(is_carried(b"user.a") && is_carried(b"security.capability"));
        assert!(!is_carried(b"security.selinux") && !is_carried(b"system.posix_acl_access"));
        assert!(!is_carried(b""));
    }
}
