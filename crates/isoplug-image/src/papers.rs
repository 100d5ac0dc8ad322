//! Writes the papers of an ISO: its checksum, its packages, the model of its bills of materials.
//!
//! Pure: the same packages and digest give the same bytes. Knows no stage and no format of a bill.

pub mod about;
pub mod bill;
pub mod inventory;
pub mod sources;

use isoplug_manifest::lock::LockedPackage;

/// Returns the line that `sha256sum --check` reads (coreutils manual, "cksum output modes").
pub fn checksum(sha256: &str, file_name: &str) -> String {
    format!("{sha256}  {file_name}\n")
}

/// Returns one line per package: name, version, architecture; sorted, each once.
pub fn package_list<'a>(packages: impl IntoIterator<Item = &'a LockedPackage>) -> String {
    let lines =
        packages.into_iter().map(|LockedPackage { name, version, architecture, .. }| {
            format!("{name} {version} {architecture}\n")
        });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines.dedup();
    lines.concat()
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};

    use super::*;

    fn package(name: &str, architecture: &str) -> LockedPackage {
        LockedPackage {
            name: PackageName::new(name).unwrap(),
            version: Version::new("1:2.0-3").unwrap(),
            architecture: Arch::new(architecture).unwrap(),
            source: "debian".to_owned(),
            path: ArchivePath::new("a.deb").unwrap(),
            size: 1,
            sha256: "0".repeat(64),
        }
    }

    #[test]
    fn packages_are_listed_once_in_order() {
        let packages = [package("zsh", "amd64"), package("apt", "all"), package("zsh", "amd64")];
        assert_eq!(package_list(&packages), "apt 1:2.0-3 all\nzsh 1:2.0-3 amd64\n");
    }

    #[test]
    fn sha256sum_accepts_the_checksum() {
        if !isoplug_skip::has("sha256sum") {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.iso"), "iso").unwrap();
        let digest = isoplug_engine::Digest::of(b"iso").hex();
        std::fs::write(folder.path().join("x.iso.sha256"), checksum(&digest, "x.iso")).unwrap();
        let check = std::process::Command::new("sha256sum")
            .args(["--check", "--strict", "x.iso.sha256"])
            .current_dir(folder.path())
            .output();
        assert!(check.unwrap().status.success());
    }
}
