//! A medium that installs: what is on it, as programs see it that are not ours.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use isoplug_tests::real::{self, Medium, sha256};
use isoplug_tests::require;
use serde_json::Value;

use super::Shipped;

/// Returns what unsquashfs prints of an image.
pub(super) fn unsquashfs(image: &Path, arguments: &[&str]) -> String {
    let (before, after) = arguments.split_at(1);
    let output = Command::new("unsquashfs").args(before).arg(image).args(after).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Returns the paths in an image that are no folders.
fn paths(image: &Path) -> BTreeSet<String> {
    let lines = unsquashfs(image, &["-lls"]);
    let lines = lines.lines().filter(|line| !line.starts_with('d'));
    let paths = lines.filter_map(|line| line.split_once("squashfs-root/"));
    paths.map(|(_, path)| path.split(" -> ").next().unwrap_or(path).to_owned()).collect()
}

#[test]
fn a_medium_has_what_it_installs_beside_what_it_boots() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let medium = Shipped::copy("installer").build();
    assert_eq!(medium.text("live/filesystem.module"), "10-common.squashfs 00-live.squashfs\n");
    let [common, live, server] =
        ["live/10-common.squashfs", "live/00-live.squashfs", "install/server.squashfs"]
            .map(|path| medium.path(path));
    let status = unsquashfs(&server, &["-cat", "var/lib/dpkg/status"]);
    assert!(status.contains("Package: grub-cloud-amd64\n"), "the target boots from a disk");
    assert!(!status.contains("Package: live-boot"), "no part of a live system is installed");

    let [in_common, in_server] = [&common, &server].map(|image| paths(image));
    assert_eq!(in_common.intersection(&in_server).next(), None, "it is in two parts");
    assert!(in_common.len() > in_server.len(), "{} {}", in_common.len(), in_server.len());
    assert!(in_server.iter().any(|path| path.starts_with("boot/initrd.img-")));
    assert!(!paths(&common).iter().any(|path| path.contains("live-boot")));

    let plan = unsquashfs(&live, &["-cat", "usr/lib/isoplug/install/plan.json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let files = plan["targets"][0]["squashfs"].as_array().unwrap();
    let named: Vec<&str> = files.iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(named, ["live/10-common.squashfs", "install/server.squashfs"]);
    for (file, image) in files.iter().zip([&common, &server]) {
        assert_eq!(file["sha256"].as_str().unwrap(), sha256(image));
    }
}
