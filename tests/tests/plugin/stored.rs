//! Stores for tests that are about what a store does not have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use isoplug_formats::tree::sorted_names;

/// Links to everything in a store but what it keeps of plugins and what is in use this moment.
pub(crate) fn copy_without_plugins(from: &Path, to: &Path) {
    let kept =
        |name: &str| !matches!(name, "tmp" | "locks" | "caches") && !name.starts_with("failed");
    copy(from, to, kept);
    copy(&from.join("caches"), &to.join("caches"), |name| !name.starts_with("plugin"));
}

fn copy(from: &Path, to: &Path, is_kept: impl Fn(&str) -> bool) {
    fs::create_dir_all(to).expect("a folder");
    for name in sorted_names(from).expect("a folder") {
        if is_kept(name.to_str().expect("a plain name")) {
            let mut command = Command::new("cp");
            command.args(["-a", "-l"]).arg(from.join(&name)).arg(to);
            assert!(command.status().is_ok_and(|status| status.success()), "cp {name:?}");
        }
    }
}

/// Returns the files below a folder that have this in their names.
pub(crate) fn files_named(folder: &Path, part: &str) -> Vec<PathBuf> {
    let pattern = format!("*{part}*");
    let found = Command::new("find").arg(folder).args(["-name", &pattern]).output();
    let found = found.expect("find starts");
    assert!(found.status.success(), "find in {}", folder.display());
    String::from_utf8_lossy(&found.stdout).lines().map(PathBuf::from).collect()
}
