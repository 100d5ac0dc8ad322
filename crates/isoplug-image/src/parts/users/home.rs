//! Makes the homes of users from `/etc/skel`, and the files that let keys log in.

use isoplug_formats::tree::{Entry, Kind};

use super::super::{Attrs, ContributeError, Rootfs};
use super::database::Account;
use isoplug_manifest::options::User;

const SKELETON: &str = "/etc/skel";

/// Makes a user's home with what `/etc/skel` holds, unless the image has it already.
pub(super) fn make(
    rootfs: &mut dyn Rootfs,
    user: &User,
    account: &Account,
) -> Result<(), ContributeError> {
    let (home, owner) = (&account.home[..], (account.uid, account.gid));
    if !user.system && rootfs.stat(home).is_none() {
        // 0700 is HOME_MODE and DIR_MODE of Debian since 12.
        rootfs.directory(home, Attrs::mode(0o700).owned_by(owner.0, owner.1))?;
        copy(rootfs, SKELETON, home, owner)?;
    }
    authorize(rootfs, home, owner, &user.authorized_keys)
}

/// Writes `.ssh/authorized_keys` in a home, in a form that sshd trusts.
pub(super) fn authorize(
    rootfs: &mut dyn Rootfs,
    home: &str,
    (uid, gid): (u32, u32),
    keys: &[String],
) -> Result<(), ContributeError> {
    if keys.is_empty() {
        return Ok(());
    }
    let lines: String = keys.iter().map(|key| format!("{}\n", key.trim())).collect();
    rootfs.directory(&format!("{home}/.ssh"), Attrs::mode(0o700).owned_by(uid, gid))?;
    let path = format!("{home}/.ssh/authorized_keys");
    rootfs.file(&path, lines.as_bytes(), Attrs::mode(0o600).owned_by(uid, gid))
}

/// Copies the entries below a folder, giving them to an owner.
fn copy(
    rootfs: &mut dyn Rootfs,
    from: &str,
    to: &str,
    owner: (u32, u32),
) -> Result<(), ContributeError> {
    for name in rootfs.list(from) {
        let (from, to) = (format!("{from}/{name}"), format!("{to}/{name}"));
        if let Some(entry) = rootfs.entry(&from) {
            copy_entry(rootfs, &entry, (&from, &to), owner)?;
        }
    }
    Ok(())
}

fn copy_entry(
    rootfs: &mut dyn Rootfs,
    entry: &Entry,
    (from, to): (&str, &str),
    (uid, gid): (u32, u32),
) -> Result<(), ContributeError> {
    let attrs = Attrs::mode(entry.mode).owned_by(uid, gid);
    match &entry.kind {
        Kind::Directory => {
            rootfs.directory(to, attrs)?;
            copy(rootfs, from, to, (uid, gid))
        }
        Kind::Symlink(target) => rootfs.symlink(to, &String::from_utf8_lossy(target)),
        _ => match rootfs.read(from)? {
            Some(bytes) => rootfs.file(to, &bytes, attrs),
            None => Ok(()),
        },
    }
}
