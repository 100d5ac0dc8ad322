//! The file systems that programs expect and that are no part of the tree.
//!
//! There is no `/sys`, and what `/proc` tells about the build machine's disks and kernel modules
//! is hidden: an image must not depend on where it was built.

use std::fs::File;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, unmount};

use crate::sandbox::Failure;

/// Folders below which something is mounted; they exist in every installed tree.
const POINTS: [&str; 4] = ["proc", "dev", "run", "tmp"];
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
const HIDDEN: [&str; 5] = ["swaps", "mdstat", "modules", "partitions", "cmdline"];
/// Where the packages to install are shown.
pub(crate) const PACKAGES: &str = "run/isoplug";

/// What is mounted in a tree; taken away when dropped or asked to.
pub(super) struct Mounts {
    root: PathBuf,
}

impl Mounts {
    /// Mounts all. `packages` is shown inside as [`PACKAGES`].
    pub(super) fn new(root: &Path, packages: &Path, empty: &Path) -> Result<Self, Failure> {
        mount_bind_recursive(root, root).map_err(Failure::of("mount its folder"))?;
        let mounts = Self { root: root.to_path_buf() };
        for point in POINTS {
            make_folder(&root.join(point)).map_err(Failure::of("make a mount point"))?;
        }
        mounts.processes(empty)?;
        mounts.devices().map_err(Failure::of("mount /dev"))?;
        mounts.memory("run", c"mode=0755").map_err(Failure::of("mount /run"))?;
        mounts.memory("tmp", c"mode=1777").map_err(Failure::of("mount /tmp"))?;
        mounts.packages(packages).map_err(Failure::of("show the packages"))?;
        Ok(mounts)
    }

    fn processes(&self, empty: &Path) -> Result<(), Failure> {
        let (proc, flags) = (self.root.join("proc"), no_devices() | MountFlags::NOEXEC);
        mount("proc", &proc, "proc", flags, None)
            .map_err(Failure::of("mount /proc (inside a container, /proc must not be masked)"))?;
        for name in HIDDEN {
            let hidden = proc.join(name);
            if hidden.exists() {
                mount_bind(empty, &hidden).map_err(Failure::of("hide a file of /proc"))?;
            }
        }
        Ok(())
    }

    fn devices(&self) -> io::Result<()> {
        let dev = self.root.join("dev");
        mount("tmpfs", &dev, "tmpfs", MountFlags::NOSUID, c"mode=0755")?;
        for name in DEVICES {
            let device = dev.join(name);
            File::create(&device)?;
            mount_bind(Path::new("/dev").join(name), &device)?;
        }
        for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
            symlink(format!("/proc/self/fd{target}"), dev.join(name))?;
        }
        symlink("pts/ptmx", dev.join("ptmx"))?;
        std::fs::create_dir(dev.join("pts"))?;
        std::fs::create_dir(dev.join("shm"))?;
        let options = c"newinstance,ptmxmode=0666,mode=0620,gid=5";
        mount("devpts", dev.join("pts"), "devpts", MountFlags::NOSUID, options)?;
        self.memory("dev/shm", c"mode=1777")
    }

    fn memory(&self, point: &str, options: &'static std::ffi::CStr) -> io::Result<()> {
        Ok(mount("tmpfs", self.root.join(point), "tmpfs", no_devices(), options)?)
    }

    fn packages(&self, packages: &Path) -> io::Result<()> {
        let point = self.root.join(PACKAGES);
        std::fs::create_dir(&point)?;
        Ok(mount_bind(packages, &point)?)
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        for point in POINTS {
            // What cannot go here goes with the process.
            _ = unmount(self.root.join(point), UnmountFlags::DETACH);
        }
        _ = unmount(&self.root, UnmountFlags::DETACH);
    }
}

fn no_devices() -> MountFlags {
    MountFlags::NOSUID | MountFlags::NODEV
}

fn make_folder(path: &Path) -> io::Result<()> {
    match std::fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
