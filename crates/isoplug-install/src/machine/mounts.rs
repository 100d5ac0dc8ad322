//! Mounts file systems, so that nobody else sees them, and unmounts them.

use std::ffi::CString;
use std::{fs, io};

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount as mount_it, mount_bind,
    mount_bind_recursive, mount_change, unmount as unmount_it,
};

use super::Mount;

/// Mounts a file system.
pub(crate) fn mount(it: &Mount<'_>) -> io::Result<()> {
    apart()?;
    fs::create_dir_all(it.target)?;
    if it.format == "bind" {
        return Ok(show(it)?);
    }
    let looks = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let flags = if it.read_only { looks } else { MountFlags::empty() };
    let options = CString::new(options(it)).map_err(io::Error::other)?;
    Ok(mount_it(it.source, it.target, it.format, flags, options.as_c_str())?)
}

/// Returns what is mounted at and below a folder, the last first.
pub(crate) fn at_and_below(target: &str) -> io::Result<Vec<String>> {
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    let below = format!("{target}/");
    let points = table.lines().filter_map(|line| line.split(' ').nth(4)).rev();
    let points = points.filter(|point| *point == target || point.starts_with(&below));
    Ok(points.map(|point| point.replace("\\040", " ")).collect())
}

/// Unmounts. What the live system shares with the chroot may be busy there; it only has to go from here.
pub(crate) fn unmount(point: &str) -> io::Result<()> {
    let result = unmount_it(point, UnmountFlags::empty());
    Ok(result.or_else(|_| unmount_it(point, UnmountFlags::DETACH))?)
}

/// What is mounted below this folder is seen here alone. Services of the live system have their own view of mounts, to
/// which new ones would come, and where they would stay when they are gone here: the disk would be in use for good.
const OURS: &str = "/run/isoplug";

fn apart() -> io::Result<()> {
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    if table.lines().any(|line| line.split(' ').nth(4) == Some(OURS)) {
        return Ok(());
    }
    fs::create_dir_all(OURS)?;
    mount_bind(OURS, OURS)?;
    mount_change(OURS, MountPropagationFlags::PRIVATE)?;
    Ok(())
}

/// Returns the options of a file system of its own kind. Where nothing may be changed, no journal is replayed.
fn options(it: &Mount<'_>) -> String {
    match (it.format, it.subvolume) {
        ("ext3" | "ext4", _) if it.read_only => "noload".to_owned(),
        ("xfs", _) if it.read_only => "norecovery".to_owned(),
        ("btrfs", Some(name)) => format!("subvol={name}"),
        _ => String::new(),
    }
}

/// Shows a folder at another place, so that what is unmounted there stays mounted here.
fn show(it: &Mount<'_>) -> rustix::io::Result<()> {
    // What is mounted below /run has the target itself in it.
    if it.source == "/run" {
        mount_bind(it.source, it.target)?;
    } else {
        mount_bind_recursive(it.source, it.target)?;
    }
    mount_change(it.target, MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
}
