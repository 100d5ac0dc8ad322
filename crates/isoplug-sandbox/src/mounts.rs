//! The file systems that programs expect and that are no part of the tree. They are put together
//! where no program has been, and then shown in the tree.
//!
//! There is no `/sys`. What `/proc` tells about the build machine is hidden, and what it lets root
//! change cannot be changed, both as container engines have it: an image must not depend on where
//! it was built, and a package must not reach the machine.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, unmount};

use super::job::Failure;
use super::room::{DEVICES, EMPTY, SHOWN, no_devices, read_only};
use super::rooted::Rooted;

/// Folders of the tree in which something is shown; they exist in every installed tree.
const POINTS: [&str; 4] = ["proc", "dev", "run", "tmp"];
/// In `/proc`: files and folders that are empty.
const HIDDEN: [&str; 20] = [
    "acpi",
    "asound",
    "cmdline",
    "config.gz",
    "diskstats",
    "interrupts",
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "latency_stats",
    "mdstat",
    "modules",
    "partitions",
    "sched_debug",
    "scsi",
    "swaps",
    "sysrq-trigger",
    "timer_list",
    "timer_stats",
];
/// In `/proc`: folders that can be read only.
const FIXED: [&str; 4] = ["bus", "fs", "irq", "sys"];
/// Below `/run`: the packages to install, which programs cannot change.
const PACKAGES: &str = "isoplug";
/// Below the packages: what programs may take away as a sign.
pub(crate) const SIGNS: &str = "depmod";

/// What is mounted in a tree; taken away when dropped.
pub(super) struct Mounts {
    root: PathBuf,
}

impl Mounts {
    /// Mounts all. `packages` and, in it, `signs` are shown below `/run`.
    pub(super) fn new(root: &Path, packages: &Path, signs: &Path) -> Result<Self, Failure> {
        for point in POINTS {
            std::fs::create_dir(shown(point)).map_err(Failure::of("make a mount point"))?;
        }
        processes().map_err(Failure::of("mount /proc"))?;
        devices().map_err(Failure::of("mount /dev"))?;
        state().map_err(Failure::of("mount /run"))?;
        memory("tmp", c"mode=1777,size=50%").map_err(Failure::of("mount /tmp"))?;
        show_packages(packages, signs).map_err(Failure::of("show the packages"))?;
        let mounts = Self { root: root.to_path_buf() };
        mounts.show().map_err(Failure::of("mount what programs need"))?;
        Ok(mounts)
    }

    fn show(&self) -> io::Result<()> {
        mount_bind_recursive(&self.root, &self.root)?;
        for point in POINTS {
            let place = Rooted::new(&self.root).point(point)?;
            mount_bind_recursive(shown(point), place.path())?;
        }
        Ok(())
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        // Each with all that is mounted in it. What cannot go here goes with the process.
        for place in POINTS.map(shown).iter().chain([&self.root]) {
            _ = unmount(place, UnmountFlags::DETACH);
        }
    }
}

fn shown(name: &str) -> PathBuf {
    Path::new(SHOWN).join(name)
}

fn processes() -> io::Result<()> {
    let proc = shown("proc");
    mount("proc", &proc, "proc", no_devices() | MountFlags::NOEXEC, None)?;
    for name in HIDDEN {
        let place = proc.join(name);
        if place.is_dir() {
            mount("tmpfs", &place, "tmpfs", no_devices() | MountFlags::RDONLY, c"size=4k")?;
        } else if place.exists() {
            mount_bind(EMPTY, &place)?;
            read_only(&place)?;
        }
    }
    for name in FIXED {
        let place = proc.join(name);
        if place.exists() {
            mount_bind(&place, &place)?;
            read_only(&place)?;
        }
    }
    Ok(())
}

fn devices() -> io::Result<()> {
    let dev = shown("dev");
    let no_programs = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount("tmpfs", &dev, "tmpfs", no_programs, c"mode=0755,size=4m")?;
    for name in DEVICES {
        let device = dev.join(name);
        std::fs::File::create(&device)?;
        mount_bind(Path::new("/dev").join(name), &device)?;
        read_only(&device)?;
    }
    for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        symlink(format!("/proc/self/fd{target}"), dev.join(name))?;
    }
    symlink("pts/ptmx", dev.join("ptmx"))?;
    std::fs::create_dir(dev.join("pts"))?;
    std::fs::create_dir(dev.join("shm"))?;
    let options = c"newinstance,ptmxmode=0666,mode=0620,gid=5";
    mount("devpts", dev.join("pts"), "devpts", no_programs, options)?;
    memory("dev/shm", c"mode=1777,size=25%")
}

/// The link `/var/lock` of Debian leads to a folder here: dpkg takes a link that leads nowhere for a file, and refuses
/// packages that have a folder there (drbd-utils).
fn state() -> io::Result<()> {
    memory("run", c"mode=0755,size=25%")?;
    let lock = shown("run").join("lock");
    std::fs::create_dir(&lock)?;
    std::fs::set_permissions(&lock, Permissions::from_mode(0o1777))
}

fn memory(point: &str, options: &'static std::ffi::CStr) -> io::Result<()> {
    Ok(mount("tmpfs", shown(point), "tmpfs", no_devices(), options)?)
}

fn show_packages(packages: &Path, signs: &Path) -> io::Result<()> {
    let point = shown("run").join(PACKAGES);
    std::fs::create_dir(&point)?;
    mount_bind(packages, &point)?;
    read_only(&point)?;
    Ok(mount_bind(signs, point.join(SIGNS))?)
}
