//! The root folder of process 1: a room of its own, with nothing of the build machine in it but
//! the job's folder, a few devices and, for programs of another processor, their emulator.
//!
//! It is entered before any program of a tree runs, so none ever runs beside a process that sees
//! the machine.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change,
    mount_remount, unmount,
};

use super::foreign::Foreign;
use super::job::Failure;

/// The job's folder, or memory in its place.
pub(super) const WORK: &str = "/work";
/// What programs are shown beside their tree, see [`super::mounts`].
pub(super) const SHOWN: &str = "/shown";
/// An empty file.
pub(super) const EMPTY: &str = "/empty";
/// The devices that programs have, and process 1 itself.
pub(super) const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// A folder that is on every machine; the room is made over it.
const BASE: &str = "/proc";

/// What is in the room.
pub(super) struct Room {
    /// The size of the memory that takes the place of the job's folder, if any is to.
    pub(super) memory: Option<u64>,
    /// The emulator of the programs' processor.
    pub(super) foreign: Option<Foreign>,
}

impl Room {
    /// Makes the room and moves in; the current folder must be the job's.
    pub(super) fn enter(&self) -> Result<(), Failure> {
        self.furnish().map_err(Failure::refused("mounts in a namespace of one's own", ACTION))?;
        let proc = no_devices() | MountFlags::NOEXEC;
        mount("proc", base("proc"), "proc", proc, None)
            .map_err(|errno| Failure::refused("to mount /proc", ACTION)(errno.into()))?;
        if let Some(foreign) = &self.foreign {
            foreign.register(&base("processors"))?;
        }
        move_in().map_err(Failure::of("leave the machine's root folder"))
    }

    fn furnish(&self) -> io::Result<()> {
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
        mount("tmpfs", BASE, "tmpfs", no_devices(), c"mode=0755,size=1m")?;
        for folder in ["proc", "dev", "work", "shown", "processors"] {
            std::fs::create_dir(base(folder))?;
        }
        File::create(base("empty"))?;
        for device in DEVICES {
            let place = base("dev").join(device);
            File::create(&place)?;
            mount_bind(Path::new("/dev").join(device), &place)?;
            // Else whoever owns the device could change its mode; it can be written to all the same.
            read_only(&place)?;
        }
        match self.memory {
            Some(size) => memory(&base("work"), size),
            None => Ok(mount_bind(".", base("work"))?),
        }
    }
}

/// What cannot be done if nobody forbids it.
const ACTION: &str = "make a root folder for process 1";

/// Mounts memory in which each reading of a file leaves a time: see [`super::known`].
fn memory(folder: &Path, size: u64) -> io::Result<()> {
    let options = std::ffi::CString::new(format!("mode=0755,size={size},nr_inodes=0"))?;
    Ok(mount("tmpfs", folder, "tmpfs", MountFlags::STRICTATIME, options.as_c_str())?)
}

/// See pivot_root(2), "pivot_root(".", ".")".
fn move_in() -> io::Result<()> {
    std::env::set_current_dir(BASE)?;
    rustix::process::pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    std::env::set_current_dir("/")
}

fn base(name: &str) -> PathBuf {
    Path::new(BASE).join(name)
}

/// What a mount of files has that are no devices, and no programs of other users'.
pub(super) fn no_devices() -> MountFlags {
    MountFlags::NOSUID | MountFlags::NODEV
}

/// Opens the device that has nothing to read.
pub(super) fn nothing() -> io::Result<File> {
    File::open("/dev/null")
}

/// Makes a mount read-only. What it forbade before stays forbidden, as a user namespace must leave it.
pub(super) fn read_only(place: &Path) -> rustix::io::Result<()> {
    let has = statvfs(place)?.f_flag;
    let pairs = [
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
    ];
    let kept = pairs.into_iter().filter(|(state, _)| has.contains(*state));
    let kept = kept.fold(MountFlags::empty(), |flags, (_, flag)| flags | flag);
    mount_remount(place, MountFlags::BIND | MountFlags::RDONLY | kept, "")
}
