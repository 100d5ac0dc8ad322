//! The last role: makes the tree's folder the root folder, gives up the power to reach beyond it
//! and becomes the program to run.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sched::{CloneFlags, unshare};
use rustix::mount::{UnmountFlags, mount_bind, unmount};
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
use serde::{Deserialize, Serialize};

use super::{Bind, apart};

/// What to become.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) root: PathBuf,
    pub(super) binds: Vec<Bind>,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
}

/// What programs may do, as root, with what is theirs: what container engines grant too. Without
/// the power to trace processes they cannot look into process 1, which still sees the store.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::MKNOD)
    .union(CapabilitySet::AUDIT_WRITE)
    .union(CapabilitySet::SETFCAP);

/// Becomes the program; returns only if that fails, having said why on standard error.
pub(super) fn main(entry: &OsStr) -> u8 {
    apart::keep_descriptors_back();
    let Some(entry) = entry.to_str().and_then(|text| serde_json::from_str::<Entry>(text).ok())
    else {
        return 2;
    };
    let error = match confine(&entry) {
        Ok(()) => become_program(&entry),
        Err(error) => error,
    };
    _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("cannot execute {}: {error}\n", entry.arguments.join(" ")).as_bytes(),
    );
    127
}

fn confine(entry: &Entry) -> std::io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    for bind in &entry.binds {
        show(&entry.root, bind)?;
    }
    pivot(&entry.root)?;
    for capability in CapabilitySet::all().iter().filter(|one| !KEPT.contains(*one)) {
        // Those that this kernel does not know are given up already.
        _ = remove_capability_from_bounding_set(capability);
    }
    Ok(())
}

fn show(root: &Path, bind: &Bind) -> std::io::Result<()> {
    let target = root.join(bind.over.trim_start_matches('/'));
    match target.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => Ok(mount_bind(&bind.from, &target)?),
        _ => Ok(()),
    }
}

/// See pivot_root(2), "pivot_root(".", ".")".
fn pivot(root: &Path) -> std::io::Result<()> {
    std::env::set_current_dir(root)?;
    rustix::process::pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    std::env::set_current_dir("/")
}

fn become_program(entry: &Entry) -> std::io::Error {
    let Some((program, arguments)) = entry.arguments.split_first() else {
        return std::io::ErrorKind::InvalidInput.into();
    };
    let variables = entry.environment.iter().map(|(name, value)| (name, value));
    Command::new(program).args(arguments).env_clear().envs(variables).exec()
}
