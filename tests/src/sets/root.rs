//! The system that apt makes: an overlay over the base, in memory where that has room.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

/// A system that apt made; unmounted when dropped.
pub struct Root {
    folder: PathBuf,
}

impl Root {
    /// Mounts one over the base in this folder, for packages that have so many bytes.
    pub fn new(folder: &Path, packed: u64) -> Result<Self> {
        let root = Self { folder: folder.join("root") };
        if root.folder.exists() {
            fs::remove_dir_all(&root.folder)?;
        }
        root.take_memory(packed)?;
        for name in ["upper", "work", "merged"] {
            fs::create_dir_all(root.folder.join(name))?;
        }
        let path = |name: &str| root.folder.join(name).display().to_string();
        let (base, upper, work) = (folder.join("base"), path("upper"), path("work"));
        let options = format!(
            "lowerdir={},upperdir={upper},workdir={work},redirect_dir=off,metacopy=off,index=off,xino=off",
            base.display(),
        );
        let mount = Command::new("mount")
            .args(["-t", "overlay", "overlay", "-o", &options, &path("merged")])
            .status()?;
        ensure!(mount.success(), "the overlay cannot be mounted");
        Ok(root)
    }

    /// Keeps it in memory if there is much more than it needs: dpkg waits for the disk at each file.
    fn take_memory(&self, packed: u64) -> Result<()> {
        // Scripts make more of it: dictionaries, caches.
        let unpacked = packed * 5 + 2_000_000_000;
        if available() < unpacked * 2 {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        let size = format!("size={unpacked},mode=0755");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&self.folder);
        ensure!(mount.status()?.success(), "a folder in memory cannot be mounted");
        Ok(())
    }

    /// Returns the folder that has the whole system.
    pub fn merged(&self) -> PathBuf {
        self.folder.join("merged")
    }

    /// Keeps services from being started.
    pub fn prepare(&self) -> Result<()> {
        let policy = self.merged().join("usr/sbin/policy-rc.d");
        fs::write(&policy, "#!/bin/sh\nexit 101\n")?;
        Ok(fs::set_permissions(&policy, std::os::unix::fs::PermissionsExt::from_mode(0o755))?)
    }

    /// Takes away again what `prepare` made.
    pub fn tidy(&self) -> Result<()> {
        let policy = self.merged().join("usr/sbin/policy-rc.d");
        if fs::read_to_string(&policy).is_ok_and(|text| text == "#!/bin/sh\nexit 101\n") {
            fs::remove_file(policy)?;
        }
        Ok(())
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // What stays mounted goes with the run's own namespace.
        _ = Command::new("umount").arg(self.merged()).status();
        if is_mounted(&self.folder) {
            _ = Command::new("umount").arg(&self.folder).status();
        }
        _ = fs::remove_dir_all(&self.folder);
    }
}

fn is_mounted(folder: &Path) -> bool {
    Command::new("mountpoint").arg("-q").arg(folder).status().is_ok_and(|end| end.success())
}

/// Returns how many bytes of memory can be had.
fn available() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    number.unwrap_or(0) * 1024
}
