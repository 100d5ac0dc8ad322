//! An ISO as programs see it that are not ours: xorriso and unsquashfs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What xorriso takes out of an ISO, in a folder that goes with it.
pub struct Medium {
    folder: tempfile::TempDir,
}

impl Medium {
    /// Tells whether the programs are installed.
    pub fn can_be_read() -> bool {
        ["xorriso", "unsquashfs"].iter().all(|program| {
            let started = Command::new(program)
                .arg("-version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            started.is_ok()
        })
    }

    /// Takes all files out of an ISO.
    pub fn open(iso: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let xorriso = Command::new("xorriso")
            .args(["-osirrox", "on", "-indev"])
            .arg(iso)
            .args(["-extract", "/"])
            .arg(folder.path().join("medium"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(xorriso.expect("xorriso starts").success(), "{}", iso.display());
        Self { folder }
    }

    /// Returns where a file of the medium is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("medium").join(path)
    }

    /// Returns a text of the medium.
    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Returns a text of the root filesystem.
    pub fn text_of_rootfs(&self, path: &str) -> String {
        let squashfs = self.path("live/filesystem.squashfs");
        let output = Command::new("unsquashfs").arg("-cat").arg(squashfs).arg(path).output();
        let output = output.expect("unsquashfs starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.is_empty(), "{path}: {stderr}");
        String::from_utf8(output.stdout).expect("a text")
    }
}
